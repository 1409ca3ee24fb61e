import { expect, it } from 'vitest';
import { readFamily } from '../testing/family-fixtures.js';
import { Tokenizer } from '../tokenizer.js';
import { readChatTemplates } from './chat-template.js';

const open = (tokenizerConfig: Record<string, unknown>, chatTemplateJinja?: string) =>
  Tokenizer.fromFiles({
    tokenizerJson: readFamily('qwen2').tokenizer,
    tokenizerConfig: { eos_token: '<|im_end|>', ...tokenizerConfig },
    ...(chatTemplateJinja === undefined ? {} : { chatTemplateJinja }),
  });
const turns =
  '{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}{{ eos_token }}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}';
const messages = [{ role: 'user', content: '你好' }];

it('renders the template of the config, with the special tokens, to ids', () => {
  const tokenizer = open({ chat_template: turns });
  const text = tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true });
  expect(text).toBe('<|im_start|>user\n你好<|im_end|><|im_start|>assistant\n');
  const { input_ids } = tokenizer.encode(text, { addSpecialTokens: false });
  expect(input_ids[0]).toBe(tokenizer.tokenToId('<|im_start|>'));
  expect(input_ids.filter((id) => id === tokenizer.tokenToId('<|im_end|>'))).toHaveLength(1);
});

it('takes the template of that name, tool_use for tools, else default; chat_template.jinja before all', () => {
  const chat_template = [
    { name: 'default', template: '{{ tools is none }}' },
    { name: 'tool_use', template: '{{ tools | length }}' },
    { name: 'rag', template: '{{ x }}' },
  ];
  const tokenizer = open({ chat_template });
  expect(tokenizer.applyChatTemplate([])).toBe('True');
  expect(tokenizer.applyChatTemplate([], { tools: [{}] })).toBe('1');
  expect(tokenizer.applyChatTemplate([], { template: 'rag', variables: { x: 'y' } })).toBe('y');
  expect(() => tokenizer.applyChatTemplate([], { template: 'x' })).toThrow(
    'chat template: expected default or tool_use or rag, got "x" — name one of them',
  );
  expect(open({ chat_template }, 'file').applyChatTemplate([])).toBe('file');
});

it('says what is missing or malformed', () => {
  expect(() => open({}).applyChatTemplate([])).toThrow('expected chat_template in tokenizer_config.json, or');
  expect(() => open({ chat_template: turns }).applyChatTemplate({} as never)).toThrow(
    'messages: expected a list',
  );
  expect(() => readChatTemplates({ chat_template: 5 }, undefined)).toThrow(
    'chat_template: expected an array',
  );
  expect(() => readChatTemplates({ chat_template: [{ name: 'a' }] }, undefined)).toThrow(
    'chat_template[0].template: expected a string',
  );
});
