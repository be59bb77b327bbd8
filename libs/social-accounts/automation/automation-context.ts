import { newCommandId, type Actor, type CommandContext } from '#kernel';

/** Names a part of the service that acts by itself. */
export const systemActor = (automation: string): Actor => ({ type: 'system', id: automation });

/** The context of a command that an automation sends; `cause` is the id of what it reacts to. */
export function automationContext(automation: string, cause: string, at: Date): CommandContext {
  return { commandId: newCommandId(), correlationId: cause, causationId: cause, actor: systemActor(automation), at };
}
