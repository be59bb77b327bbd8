import type { OpenAPIObject } from '@nestjs/swagger';

const COMBINATIONS = ['allOf', 'anyOf', 'oneOf', '$ref'] as const;

/**
 * Closes every object schema of the document that does not say otherwise: requests with unknown fields are refused, and
 * answers have no fields that are not described (T19).
 */
export function closeSchemas(document: OpenAPIObject): void {
  close(document.components?.schemas);
  close(document.paths);
}

function close(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  if (isOpenObject(node)) Object.assign(node, { additionalProperties: false });
  for (const child of Object.values(node)) close(child);
}

/** Beside a combination of schemas it would refuse what those declare. */
const isOpenObject = (node: object): boolean =>
  'type' in node &&
  (node.type === 'object' || (Array.isArray(node.type) && node.type.includes('object'))) &&
  !('additionalProperties' in node) &&
  !COMBINATIONS.some((combination) => combination in node);
