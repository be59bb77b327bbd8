import { describe, expect, it } from '@jest/globals';
import { NonexistingField, parseFields, select, type GraphNode } from './graph-fields.js';

const plain = (name: string) => ({ name, limit: null, fields: [], text: '' });

describe('The fields of a Graph call', () => {
  it('reads names, limits and nesting', () => {
    expect(parseFields('id, name,picture.type(large){url},accounts.limit(5){id,owned{a,b}}')).toEqual([
      plain('id'),
      plain('name'),
      { name: 'picture', limit: null, fields: [plain('url')], text: 'url' },
      {
        name: 'accounts',
        limit: 5,
        text: 'id,owned{a,b}',
        fields: [plain('id'), { name: 'owned', limit: null, fields: [plain('a'), plain('b')], text: 'a,b' }],
      },
    ]);
    expect(parseFields('')).toEqual([]);
  });

  it.each(['a{b', 'a}', 'a b', 'a,,b', '{a}', 'a.limit(2', 'a{a{a{a{a{a{a{a}}}}}}}'])('refuses %s', (text) => {
    expect(parseFields(text)).toBeUndefined();
  });

  it('selects what was asked for, the id always, and never what every object has', () => {
    const node: GraphNode = {
      type: 'Page',
      defaults: ['name'],
      fields: { id: () => '1', name: () => 'N', none: () => undefined },
    };
    expect(select(node, [])).toEqual({ name: 'N', id: '1' });
    expect(select(node, [plain('none')])).toEqual({ id: '1' });
    expect(select(node, [plain('constructor')])).toEqual(new NonexistingField('constructor', 'Page'));
  });
});
