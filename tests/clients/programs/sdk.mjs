// A program on both vendors' SDKs that says nothing of credentials, so each finds its own. Its arguments name the SDKs to use.

const model = "any";
const messages = [{ role: "user", content: "Hello" }];

const sdks = {
  async anthropic() {
    const { default: Anthropic } = await import("@anthropic-ai/sdk");
    const answer = await new Anthropic({ maxRetries: 0 }).messages.create({ model, max_tokens: 9, messages });
    return answer.content[0].text;
  },
  async openai() {
    const { default: OpenAI } = await import("openai");
    const answer = await new OpenAI({ maxRetries: 0 }).chat.completions.create({ model, messages });
    return answer.choices[0].message.content;
  },
};

for (const name of process.argv.slice(2)) {
  try {
    console.log(name, await sdks[name]());
  } catch (error) {
    // One without a credential says so, and the next one is tried.
    console.error(name, "failed:", error.message);
  }
}
