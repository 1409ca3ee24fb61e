"""Writes packages/text/src/fixtures/chat-templates.json: chat templates, written for this project in the manner of the known ones, as transformers renders them.

    python scripts/golden/text-chat-templates.py
"""

import json
import platform
from pathlib import Path

import jinja2
import transformers
from transformers.utils.chat_template_utils import _compile_jinja_template

PATH = Path(__file__).resolve().parents[2] / "packages" / "text" / "src" / "fixtures" / "chat-templates.json"
HEADER = {
    "script": "scripts/golden/text-chat-templates.py",
    "versions": {"transformers": transformers.__version__, "jinja2": jinja2.__version__, "python": platform.python_version()},
    "seed": None,
}

CHATML = """{%- if tools %}
    {{- '<|im_start|>system\\n# Tools\\n<tools>' }}
    {%- for tool in tools %}
        {{- "\\n" + (tool | tojson) }}
    {%- endfor %}
    {{- "\\n</tools><|im_end|>\\n" }}
{%- elif messages[0]['role'] != 'system' %}
    {{- '<|im_start|>system\\nYou help.<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if message.role == "assistant" and message.tool_calls is defined and message.tool_calls %}
        {{- '<|im_start|>' + message.role }}
        {%- for call in message.tool_calls %}
            {{- '\\n<tool_call>\\n{"name": "' ~ call.function.name ~ '", "arguments": ' ~ (call.function.arguments | tojson) ~ '}\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or messages[loop.index0 - 1].role != "tool" %}{{- '<|im_start|>user' }}{%- endif %}
        {{- '\\n<tool_response>\\n' + message.content + '\\n</tool_response>' }}
        {%- if loop.last or messages[loop.index0 + 1].role != "tool" %}{{- '<|im_end|>\\n' }}{%- endif %}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""
INST = """{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system = false %}{% endif %}
{% for message in loop_messages %}
{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate user/assistant/user/assistant/...') }}{% endif %}
{% if loop.index0 == 0 and system %}{% set content = '<<SYS>>\\n' + system + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}
{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}
{% endfor %}
"""
HEADERS = """{{- bos_token }}
{%- set date = date_string if date_string is defined else strftime_now("%d %b %Y") %}
{%- for message in messages %}
    {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}
    {%- if message.content is string %}{{- message['content'] | trim }}{% else %}
        {%- for part in message.content %}{% if part['type'] == 'text' %}{{ part['text'] }}{% else %}<|image|>{% endif %}{%- endfor %}
    {%- endif %}
    {{- '<|eot_id|>' }}
{%- endfor %}
Today: {{ date }}
{% if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"""
TURNS = """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\\n'}}{% endif %}"""
THINKING = """{%- set ns = namespace(last=messages|length - 1, found=false) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if not ns.found and message.role == "user" %}{%- set ns.found = true %}{%- set ns.last = index %}{%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- set content = message.content if message.content is string else '' %}
    {%- if message.role == 'assistant' %}
        {%- set thought = '' %}
        {%- if '</think>' in content %}
            {%- set thought = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last %}{{- '<|im_start|>assistant\\n<think>\\n' + thought.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}{%- else %}{{- '<|im_start|>assistant\\n' + content }}{%- endif %}
    {%- else %}{{- '<|im_start|>' + message.role + '\\n' + content }}{%- endif %}
    {{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}"""
RERANK = """<|im_start|>system
Judge whether the Document meets the Query. Answer "yes" or "no".<|im_end|>
<|im_start|>user
<Instruct>: {{ instruction | default('Given a query, find passages that answer it') }}
<Query>: {{ messages | selectattr('role', 'equalto', 'query') | map(attribute='content') | first }}
<Document>: {{ messages | selectattr('role', 'eq', 'document') | map(attribute='content') | join('\\n\\n') }}<|im_end|>
<|im_start|>assistant
"""
MACROS = """{%- macro field(name, value, indent=2) -%}
{{ ' ' * 0 }}{{ name }}: {{ value }}{% if not loop_last is defined %};{% endif %}
{%- endmacro -%}
{%- for message in messages -%}
{{ field('role', message.role) }} {{ field('content', message.content | upper | replace('A', 'aa')) }}
{% endfor -%}
{# a comment #}
{%- generation -%}{{ messages[-1].content[1:3] }}{%- endgeneration -%}"""
PRINTS = """{{ true }} {{ none }} {{ 1.0 }} {{ 7 // 2 }} {{ 7 / 2 }} {{ 2 ** 10 }} {{ [1, 'a', none, true] }} {{ {'a': "it's", 'b': [1.5, {}]} }} {{ ('x', 'y') }} {{ missing }}|{{ "n" ~ 1 ~ false ~ none }}
{{ 1 == "1" }} {{ 1 == true }} {{ [1, 2] == [1, 2] }} {{ none == missing }} {{ 'a' in ['a', 'b'] }} {{ 'b' not in 'abc' }} {{ '  x\\ty '.strip() }}|{{ '--a-'.strip('-') }}|{{ 'xxayx'.lstrip('yx') }}|{{ "中文😀" | length }}
{{ [3, 1, 2] | sort | join(',') }} {{ [true, none, 1] | join('-') }} {{ {'b': 1, 'a': 2} | dictsort | first | first }} {{ range(3) | list }} {{ range(5, 0, -2) | list | length }}
{% for key, value in {'k': 'v', 'l': 'w'}.items() %}{{ loop.index }}{{ key }}={{ value }}{{ ', ' if not loop.last }}{% endfor %} {{ 'line\\nnext' | indent(2) }} {{ "q\\"uote\\\\" | tojson }} {{ {'z': [1, {'y': '中'}]} | tojson(indent=2) }}
{% set x = 'Title case' %}{{ x.title() }} {{ x.split(' ')[1] }} {{ x[::-1] }} {{ x.startswith('T') and not x.endswith('T') }} {{ (x | upper)[0] }} {{ 'a,b,c'.split(',', 1) }}
{% for i in range(6) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}
   {% if true %}
   lstrip
   {% endif %}
"""

TALK = [{"role": "user", "content": " Hi 你好 "}, {"role": "assistant", "content": "Hello\n"}, {"role": "user", "content": "naïve 😀?\n\n"}]
SYSTEM = [{"role": "system", "content": "Be brief."}, *TALK]
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}
TOOLS = [{"type": "function", "function": {"name": "search", "description": "Finds \"things\" <b>", "parameters": {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}}}]
CALLS = [*TALK[:1], {"role": "assistant", "tool_calls": [{"function": {"name": "search", "arguments": {"q": "中 it's", "n": 3, "deep": [1.5, None, True]}}}]}, {"role": "tool", "content": "one"}, {"role": "tool", "content": "two"}]
THOUGHTS = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "<think>\n\n old \n</think>\n\n b"}, {"role": "user", "content": "c"}, {"role": "assistant", "content": "<think>\n  new\n\n</think>\n\nd "}]
PARTS = [{"role": "user", "content": [{"type": "text", "text": "see "}, {"type": "image"}]}]
QUERY = [{"role": "query", "content": "什么是重排序?"}, {"role": "document", "content": "A"}, {"role": "document", "content": "B"}]

CASES = [
    ("chatml", CHATML, {"messages": TALK, "add_generation_prompt": True}), ("chatml", CHATML, {"messages": SYSTEM, "add_generation_prompt": False}),
    ("chatml", CHATML, {"messages": CALLS, "tools": TOOLS, "add_generation_prompt": True}), ("inst", INST, {"messages": SYSTEM, **TOKENS}), ("inst", INST, {"messages": TALK, **TOKENS}),
    ("inst", INST, {"messages": [TALK[1]], **TOKENS}), ("headers", HEADERS, {"messages": SYSTEM, "date_string": "26 Jul 2024", "add_generation_prompt": True, **TOKENS}),
    ("headers", HEADERS, {"messages": PARTS, "date_string": "x", **TOKENS}), ("turns", TURNS, {"messages": TALK, "add_generation_prompt": True, **TOKENS}), ("turns", TURNS, {"messages": SYSTEM, **TOKENS}),
    ("thinking", THINKING, {"messages": THOUGHTS}), ("thinking", THINKING, {"messages": THOUGHTS[:3], "enable_thinking": False}), ("rerank", RERANK, {"messages": QUERY}),
    ("rerank", RERANK, {"messages": QUERY, "instruction": "Find it"}), ("macros", MACROS.replace("{{ ' ' * 0 }}", ""), {"messages": TALK}), ("prints", PRINTS, {"messages": []}),
]


def render(template, variables):
    try:
        return {"text": _compile_jinja_template(template).render(**variables)}
    except jinja2.exceptions.TemplateError as error:
        return {"raised": str(error)}


templates = {name: template for name, template, _ in CASES}
cases = [{"template": name, "variables": variables, **render(template, variables)} for name, template, variables in CASES]
lines = [f'"header": {json.dumps(HEADER)}', f'"templates": {json.dumps(templates, indent=0)}', '"cases": [\n' + ",\n".join(json.dumps(c) for c in cases) + "\n]"]
PATH.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8", newline="\n")
print(PATH.name, PATH.stat().st_size, sum("raised" in c for c in cases))
for c in cases:
    if "raised" in c: print(c["template"], c["raised"])
