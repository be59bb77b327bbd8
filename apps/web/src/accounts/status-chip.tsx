import type { AccountToken } from '#contract';
import { Tooltip } from '../design/tooltip.js';
import { STATUS_WORDS } from './words.js';

/** The token's status (T1); its sentence is in the tooltip. */
export function StatusChip({ token }: { readonly token: AccountToken }) {
  return (
    <Tooltip text={token.label} className={`chip chip--${token.status}`}>
      {STATUS_WORDS[token.status]}
    </Tooltip>
  );
}
