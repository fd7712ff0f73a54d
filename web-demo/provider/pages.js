/** The provider's own two pages: who somebody is, and whether the application may know. */

const escaped = (text) => String(text).replace(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`);

const STYLE = `
  :root { color-scheme: light dark; font: 1.0625rem/1.5 system-ui, sans-serif; }
  body { max-width: 24rem; margin: 12vh auto; padding: 0 1.25rem; }
  h1 { font-size: 1.5rem; line-height: 1.2; }
  label { display: block; font-weight: 600; }
  input, button { box-sizing: border-box; min-height: 2.875rem; padding: 0 0.875rem; font: inherit; border: 1px solid; border-radius: 0.5rem; }
  input { width: 100%; margin: 0.25rem 0 1rem; }
  button { cursor: pointer; }
  form { display: inline; }
`;

const page = (title, ...parts) => `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${title} · Local provider</title>
  <style>${STYLE}</style>
</head>
<body>
  <main>
    <h1>${title}</h1>
    ${parts.join("\n    ")}
  </main>
</body>
</html>
`;

const cancel = (at) => `<form method="post" action="${at}/abort"><button>Cancel</button></form>`;

/** Takes anybody at their word: this provider is for showing how signing in goes. */
export const loginPage = (at) => page(
  "Who are you here?",
  "<p>This provider runs on your own machine and believes whatever you say. Any address does; nothing is sent to it.</p>",
  `<form method="post" action="${at}/login">`,
  '  <label for="login">E-mail address at this provider</label>',
  '  <input id="login" name="login" type="email" autocomplete="off" value="ada@example.com" required>',
  "  <button>Continue</button>",
  "</form>",
  cancel(at),
);

export const consentPage = (at, { account, client }) => page(
  `Let ${escaped(client)} know you?`,
  `<p>It asks for your name and your address, <strong>${escaped(account)}</strong>.</p>`,
  `<form method="post" action="${at}/consent"><button>Allow</button></form>`,
  cancel(at),
);
