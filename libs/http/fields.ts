import { ValidateIf } from 'class-validator';

/** The field may be left out. Unlike `IsOptional` it does not let null through. */
export const MayBeAbsent = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);
