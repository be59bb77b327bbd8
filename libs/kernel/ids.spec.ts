import { describe, expect, it } from '@jest/globals';
import { eventId, idFromCommand, idFromName, isId, newCommandId, newId, uuidOf } from './index.js';

describe('ids', () => {
  const command = newCommandId();

  it('gives a retried command the same ids', () => {
    expect(idFromCommand('con', command)).toBe(idFromCommand('con', command));
    expect(idFromName('acc', command, 'a')).toBe(idFromName('acc', command, 'a'));
    expect(idFromName('acc', command, 'a')).not.toBe(idFromName('acc', command, 'b'));
    expect(eventId(command, 'workspace-1', 0)).toBe(eventId(command, 'workspace-1', 0));
    expect(eventId(command, 'workspace-1', 0)).not.toBe(eventId(command, 'workspace-1', 1));
  });

  it('keeps the time of the command in the ids made from it', () => {
    expect(uuidOf(idFromName('acc', command, 'a')).slice(0, 15)).toBe(command.slice(0, 15));
    expect(uuidOf(idFromCommand('con', command))).toBe(command);
  });

  it('takes ids of its own kind only', () => {
    expect(isId('acc', newId('acc'))).toBe(true);
    expect(isId('acc', newId('con'))).toBe(false);
    for (const text of ['', 'acc_', 'acc_zzz', 'acc_8zzzzzzzzzzzzzzzzzzzzzzzzz', 7, null])
      expect(isId('acc', text)).toBe(false);
  });
});
