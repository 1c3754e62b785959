/** What people see: one layout, and a page for each of the three states: signed out, signed in, something is wrong. */
import type { Answer } from './api.ts'
import { type Html, html, json } from './html.ts'
import type { SignedIn } from './session.ts'

export function signedOutPage(): string {
  return page(
    'Sign in',
    html`<section class="panel hello">
      <h1>An app that knows nothing about you yet</h1>
      <p>It wants to know who you are, and to read your notes, which lie behind an API. It never sees your password: Signet asks for it, asks what this app may do, and hands it a token that says just that.</p>
      ${button('/sign-in', 'Sign in with Signet', 'primary')}
    </section>`,
  )
}

export interface Shown {
  answer?: Answer | undefined
  notice?: string | undefined
}

export function signedInPage({ name, email, accessToken, refreshToken }: SignedIn, { answer, notice }: Shown = {}): string {
  return page(
    `Signed in as ${name}`,
    html`<section class="panel person">
      <span class="face" aria-hidden="true">${name.slice(0, 1).toUpperCase()}</span>
      <div><h1>Hello, ${name}</h1>${email && html`<p>${email}</p>`}</div>
      ${button('/sign-out', 'Sign out')}
    </section>
    ${notice && html`<p class="panel notice" role="status">${notice}</p>`}
    <section class="panel" aria-labelledby="call">
      <h2 id="call">Call the API</h2>
      <p>Each button sends the access token below along. The API checks it by itself, without asking Signet.</p>
      <div class="row">${button('/notes/read', 'Read notes')}${button('/notes/write', 'Write a note')}</div>
      ${answer && answerPart(answer)}
    </section>
    ${tokenPart(accessToken, refreshToken !== undefined)}`,
  )
}

export function troublePage(heading: string, sentence: string, code?: string): string {
  return page(
    heading,
    html`<section class="panel hello">
      <h1>${heading}</h1>
      <p>${sentence}</p>
      ${code && html`<p class="small">Code: <code>${code}</code></p>`}
      <a class="button" href="/">Back to the start</a>
    </section>`,
  )
}

function answerPart({ request, status, challenge, body, lacksPermission }: Answer): Html {
  return html`<div class="answer ${status < 400 ? 'good' : 'bad'}" role="status">
    <p class="line"><strong>${status}</strong> <code>${request}</code></p>
    ${challenge && html`<p class="small">WWW-Authenticate</p><p><code>${challenge}</code></p>`}
    ${json(body)}
  </div>
  ${
    lacksPermission
      ? html`<p>The token is good, but it does not allow that: you were not asked yet, or said no. This app can ask you now.</p>${button('/step-up', 'Ask for the missing permission', 'primary')}`
      : undefined
  }`
}

/**
 * The token, decoded for a curious reader. A real client does not look inside: an access token is addressed to the API,
 * and its form may change without notice (RFC 9068 s6).
 */
function tokenPart(accessToken: string, canRefresh: boolean): Html {
  const [header, claims] = accessToken.split('.', 2).map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
  return html`<section class="panel" aria-labelledby="token">
    <h2 id="token">The access token</h2>
    <p>Until <time>${new Date(claims.exp * 1000).toISOString().slice(11, 19)} UTC</time> it allows this app</p>
    <ul class="scopes">${String(claims.scope ?? '')
      .split(' ')
      .map((scope) => html`<li><code>${scope}</code></li>`)}</ul>
    <h3>Header</h3>${json(header)}
    <h3>Claims</h3>${json(claims)}
    ${canRefresh ? html`<div class="row">${button('/refresh', 'Refresh')}</div>` : undefined}
  </section>`
}

function button(action: string, text: string, look = ''): Html {
  return html`<form method="post" action="${action}"><button class="button ${look}" type="submit">${text}</button></form>`
}

function page(title: string, content: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Sample client</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header><a href="/"><img src="/icon.svg" alt="" width="24" height="24">Sample client</a></header>
<main>${content}</main>
</body>
</html>
`.text
}
