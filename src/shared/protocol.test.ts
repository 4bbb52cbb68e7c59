import { describe, expect, it } from 'vitest';
import golden from '../../resources/golden/protocol.json';
import { workerCommandSchema, workerEventLineSchema } from './protocol';

describe('the protocol of the supervisor', () => {
  it.each(golden.commands.map((message) => [message.type, message]))(
    '%s is written as Python reads it',
    (_, message) => {
      expect(workerCommandSchema.parse(message)).toEqual(message);
    },
  );

  it.each(golden.events.map((message) => [message.type, message]))('%s is read as Python writes it', (_, message) => {
    expect(workerEventLineSchema.parse(message)).toEqual(message);
  });
});
