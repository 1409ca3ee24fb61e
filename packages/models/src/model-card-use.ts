import type { ModelCard } from './model-card.js';

interface Opened extends Pick<ModelCard, 'task' | 'layout' | 'decoder' | 'onnx'> {
  /** Whether golden.json is there. @default true */
  readonly golden?: boolean;
}

/** How each tool opens a model: code whose `./model` is the directory, or to be replaced by its name on the hub. */
export function modelCardUse(card: Opened): string {
  const python = inPython(card);
  return [
    '## Use',
    'In each, `./model` stands for the path of this directory or its name on the hub.',
    block('ts', inTypeScript(card)),
    ...(card.decoder
      ? [
          'How a pair becomes one text is in reranker_config.json: a tool that scores the weights has to write it so.',
        ]
      : [python]),
    ...(card.onnx && !card.decoder ? [block('js', inTransformersJs(card))] : []),
  ].join('\n\n');
}

const block = (language: string, lines: readonly string[]): string =>
  [`\`\`\`${language}`, ...lines, '```'].join('\n');

function inTypeScript({ task, decoder, golden = true }: Opened): string[] {
  const open = (name: string) => [
    `import { ${name} } from '@rag/${task}';`,
    '',
    ...(golden
      ? ['// verify: true replays golden.json, which was recorded when the model was written.']
      : []),
    `const opened = await ${name}.fromPretrained('./model'${golden ? ', { verify: true }' : ''});`,
  ];
  switch (task) {
    case 'reranker':
      return [
        ...open(decoder ? 'Reranker' : 'CrossEncoder'),
        "const ranked = await opened.rerank('query', ['passage', 'another']);",
      ];
    case 'embedding':
      return [...open('Embedding'), "const vectors = await opened.encode(['text', 'another']);"];
    case 'colbert':
      return [...open('ColBERT'), "const ranked = await opened.rerank('query', ['passage', 'another']);"];
  }
}

function inPython({ task, layout }: Opened): string {
  switch (task) {
    case 'reranker':
      return block('python', [
        'import torch',
        'from sentence_transformers import CrossEncoder',
        '',
        '# Logits; without activation_fn their logistic function.',
        'scores = CrossEncoder("./model").predict([("query", "passage")], activation_fn=torch.nn.Identity())',
      ]);
    case 'embedding':
      return block('python', [
        'from sentence_transformers import SentenceTransformer',
        '',
        'vectors = SentenceTransformer("./model").encode(["text", "another"])',
      ]);
    case 'colbert':
      if (layout === 'pylate')
        return block('python', [
          'from pylate import models',
          '',
          'opened = models.ColBERT("./model")',
          'vectors = opened.encode(["passage", "another"], is_query=False)',
        ]);
      if (layout === 'colbertv2')
        return block('python', [
          'from colbert.infra import ColBERTConfig',
          'from colbert.modeling.checkpoint import Checkpoint',
          '',
          'vectors = Checkpoint("./model", ColBERTConfig()).docFromText(["passage", "another"])',
        ]);
      return [
        block('python', [
          'import torch',
          'from transformers import AutoModel, AutoTokenizer',
          '',
          'tokenizer, encoder = AutoTokenizer.from_pretrained("./model"), AutoModel.from_pretrained("./model")',
          'projection = torch.load("./model/colbert_linear.pt")',
          'hidden = encoder(**tokenizer(["passage"], return_tensors="pt")).last_hidden_state',
          'vectors = torch.nn.functional.linear(hidden, projection["weight"], projection["bias"])',
        ]),
        'RAG-Retrieval’s class opens the directory too. Before vectors are compared they are normalised, and the first token’s is masked.',
      ].join('\n\n');
  }
}

function inTransformersJs({ task, layout }: Opened): string[] {
  const name = task === 'reranker' ? 'AutoModelForSequenceClassification' : 'AutoModel';
  const open = [
    `import { ${name}, AutoTokenizer } from '@huggingface/transformers';`,
    '',
    "const tokenizer = await AutoTokenizer.from_pretrained('./model');",
    `const opened = await ${name}.from_pretrained('./model', { dtype: 'fp32' });`,
  ];
  if (task === 'reranker')
    return [
      ...open,
      "const inputs = tokenizer(['query'], { text_pair: ['passage'], padding: true, truncation: true });",
      'const { logits } = await opened(inputs);',
    ];
  const inputs = "const inputs = tokenizer(['text', 'another'], { padding: true, truncation: true });";
  if (task === 'embedding') return [...open, inputs, 'const { sentence_embedding } = await opened(inputs);'];
  const rest =
    layout === 'pylate' || layout === 'colbertv2'
      ? 'markers, the filling of queries and the skiplist are the caller’s'
      : 'those of each text’s first token and of padding do not count';
  return [
    ...open,
    inputs,
    `// Vectors of length 1; ${rest}.`,
    'const { token_embeddings } = await opened(inputs);',
  ];
}
