"""A program on both vendors' SDKs that says nothing of credentials, so each finds its own. Its arguments name the SDKs to use."""

import sys

MODEL = "any"
MESSAGES = [{"role": "user", "content": "Hello"}]


def anthropic():
    import anthropic

    return anthropic.Anthropic(max_retries=0).messages.create(model=MODEL, max_tokens=9, messages=MESSAGES).content[0].text


def openai():
    import openai

    answer = openai.OpenAI(max_retries=0).chat.completions.create(model=MODEL, messages=MESSAGES)
    return answer.choices[0].message.content


for name in sys.argv[1:]:
    try:
        print(name, globals()[name]())
    except Exception as error:  # One without a credential says so, and the next one is tried.
        print(name, "failed:", error, file=sys.stderr)
