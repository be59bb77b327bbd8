/** Behaviours that the service does not have yet: no test may cite them, and a stage that brings one takes it off this list. */
export const BEHAVIOURS_TO_COME: readonly string[] = [
  ...['T4', 'T5', 'T8', 'T9'],
  ...['D2', 'D3', 'D4'],
  ...['Q1', 'Q2', 'Q3', 'Q4', 'Q5', 'Q6', 'Q7', 'Q8'],
  ...['R1', 'R2', 'R3', 'R6', 'R7'],
  ...['E1', 'E2', 'E3', 'E4', 'E5'],
  ...['N1', 'N2', 'N3'],
  ...['A1', 'A2', 'A3', 'A4', 'A5', 'A6'],
  'O3',
];
