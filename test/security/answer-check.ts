import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Answer } from '../support/service/browser.js';
import { nameOf, type ApiDescription, type Operation } from './open-api.js';

/** Says what is wrong with an answer by the description of the API; an empty list for one that is as described. */
export type AnswerCheck = (operation: Operation, answer: Answer) => readonly string[];

const mediaTypeOf = (answer: Answer): string => answer.headers.get('content-type')?.split(';', 1)[0] ?? '';
const isRedirect = (status: number): boolean => status >= 300 && status < 400;

/** Compiles the schemas of every answer that the description declares, each when it is first needed. */
export function answerCheck({ document }: ApiDescription): AnswerCheck {
  const ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: false });
  addFormats.default(ajv);
  ajv.addSchema(document, 'api');
  const compiled = new Map<string, ValidateFunction>();
  const validatorOf = (pointer: string): ValidateFunction => {
    const known = compiled.get(pointer) ?? ajv.compile({ $ref: `api#${pointer}` });
    compiled.set(pointer, known);
    return known;
  };

  return (operation, answer) => {
    const { status, headers } = answer;
    const declared = operation.responses.get(status);
    if (!declared) return [`${status} is not declared`];
    const faults: string[] = [];
    if (status >= 500 && status !== 503) faults.push(`${status}`);
    if ((status === 503 || status === 429) && !/^\d+$/.test(headers.get('retry-after') ?? '')) {
      faults.push(`${status} without Retry-After`);
    }
    if (!/^[\x21-\x7e]{1,128}$/.test(headers.get('x-correlation-id') ?? '')) faults.push('no correlation id');
    if (isRedirect(status)) return headers.has('location') ? faults : [...faults, 'no location'];
    const mediaType = mediaTypeOf(answer);
    if (Object.keys(declared).length === 0) return faults;
    if (!(mediaType in declared)) return [...faults, `${status} has the undeclared media type ${mediaType}`];
    if (!mediaType.endsWith('json')) return faults;
    const pointer = ['paths', operation.path, operation.method.toLowerCase(), 'responses', String(status)];
    const path = [...pointer, 'content', mediaType, 'schema'].map(escapePointer).join('/');
    const validate = validatorOf(`/${path}`);
    if (validate(answer.body)) return faults;
    const [error] = validate.errors ?? [];
    return [...faults, `${nameOf(operation)} ${status}: ${error?.instancePath ?? ''} ${error?.message ?? ''}`];
  };
}

/** RFC 6901, as it stands in the fragment of a URI. */
const escapePointer = (part: string): string => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
