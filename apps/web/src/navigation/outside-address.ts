/**
 * An address that came from outside and may be followed: http or https, nothing that runs code.
 *
 * Answers null for everything else, so that the caller shows text instead of a link.
 */
export function outsideAddress(text: string | null | undefined): string | null {
  if (text === null || text === undefined || !URL.canParse(text)) {
    return null;
  }
  const { protocol, href } = new URL(text);
  return protocol === 'https:' || protocol === 'http:' ? href : null;
}
