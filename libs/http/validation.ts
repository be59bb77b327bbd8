import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { type ValidationError, validateSync, type ValidatorOptions } from 'class-validator';
import { type FieldError, Refusal } from '#kernel';

/** Deeper bodies serve nobody, and recursion over them would end the stack. */
export const BODY_DEPTH_LIMIT = 32;
/** More faults than this are not told: one answer must not grow with what it refuses. */
const FIELD_ERRORS_LIMIT = 100;
const PATH_LENGTH_LIMIT = 200;

const VALIDATION: ValidatorOptions = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  stopAtFirstError: true,
  validationError: { target: false, value: true },
};

const LENIENT_VALIDATION: ValidatorOptions = { ...VALIDATION, forbidNonWhitelisted: false };

/** Names that every object inherits: a look-up by them finds something where nothing was declared. */
const INHERITED_NAMES: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

/** Turns a parsed body, or a parsed query, into an instance of its class; refuses what the class does not declare. */
export type Validator = (input: unknown) => object | undefined | Refusal;

/**
 * A validator for the class of a body, made once for each route. Checks must be synchronous.
 * Null takes no fields: nothing, or an empty object as some clients send it.
 */
export const bodyValidator = (type: Type | null): Validator => (type === null ? takeNothing : takeBody(type));

/**
 * As `bodyValidator`, for the query. A parameter that comes twice is an array, which no scalar check takes. Where unknown
 * ones are ignored, they are dropped.
 */
export function queryValidator(type: Type | null, ignoresUnknown: boolean): Validator {
  if (!ignoresUnknown) return type === null ? takeNothing : (input) => take(type, input, VALIDATION);
  return type === null ? () => undefined : (input) => take(type, withoutReserved(input), LENIENT_VALIDATION);
}

const withoutReserved = (input: unknown): object =>
  Object.fromEntries(Object.entries(input ?? {}).filter(([name]) => !INHERITED_NAMES.has(name)));

function takeNothing(input: unknown): undefined | Refusal {
  if (input === undefined || input === null) return undefined;
  if (!isPlainObject(input)) return failed([{ path: '', code: 'unknown-field', message: 'no body is taken here' }]);
  const names = Object.keys(input);
  return names.length === 0 ? undefined : failed(names.map(unknownField));
}

const takeBody =
  (type: Type): Validator =>
  (input) =>
    isPlainObject(input ?? {})
      ? take(type, input ?? {}, VALIDATION)
      : failed([{ path: '', code: 'is-object', message: 'must be an object' }]);

function take(type: Type, input: unknown, options: ValidatorOptions): object | Refusal {
  const reserved = Object.keys(input as object).filter((name) => INHERITED_NAMES.has(name));
  if (reserved.length > 0) return failed(reserved.map(unknownField));
  const instance = plainToInstance(type, input, { enableCircularCheck: false }) as object;
  const faults = validateSync(instance, options);
  return faults.length === 0 ? instance : failed(faults.flatMap((fault) => fieldErrors(fault, '')));
}

const failed = (errors: readonly FieldError[]): Refusal =>
  new Refusal('validation-failed', 'Some of what was sent is not valid.', {
    errors: errors.slice(0, FIELD_ERRORS_LIMIT),
  });

const unknownField = (name: string): FieldError => ({
  path: name.slice(0, PATH_LENGTH_LIMIT),
  code: 'unknown-field',
  message: 'is not known here',
});

function fieldErrors(fault: ValidationError, parent: string): FieldError[] {
  const path = `${parent}${fault.property}`.slice(0, PATH_LENGTH_LIMIT);
  const constraint = Object.entries(fault.constraints ?? {})[0];
  const children = (fault.children ?? []).flatMap((child) => fieldErrors(child, `${path}.`));
  return constraint === undefined ? children : [fieldError(path, fault.value, constraint), ...children];
}

/** Messages come from the declared constraints and never quote the value: it may be a secret. */
function fieldError(path: string, value: unknown, [constraint, message]: [string, string]): FieldError {
  if (constraint === 'whitelistValidation') return unknownField(path);
  if (value === undefined) return { path, code: 'required', message: 'is required' };
  return { path, code: constraint.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), message };
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Whether a parsed body is one that the code behind can take without care: not too deep, and without fields that are named
 * like what every object inherits.
 */
export function isHarmless(value: unknown, depth = 1): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth > BODY_DEPTH_LIMIT) return false;
  if (Array.isArray(value)) return value.every((item) => isHarmless(item, depth + 1));
  return Object.entries(value).every(([name, item]) => !INHERITED_NAMES.has(name) && isHarmless(item, depth + 1));
}
