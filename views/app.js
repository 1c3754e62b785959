/* Improves what already works without it. */

/** A button to read the password before sending it: fewer typing errors on a phone, and longer passwords. */
for (const input of document.querySelectorAll('input[data-reveal]')) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'reveal'
  button.setAttribute('aria-controls', input.id)
  const show = (shown) => {
    input.type = shown ? 'text' : 'password'
    button.textContent = shown ? 'Hide' : 'Show'
    button.setAttribute('aria-label', shown ? 'Hide password' : 'Show password')
  }
  show(false)
  button.addEventListener('click', () => show(input.type === 'password'))
  // A password manager, and the browser's own, look for a password field when the form goes.
  input.form.addEventListener('submit', () => show(false))
  input.after(button)
}

/** What is shown once and has to be taken whole. */
for (const shown of document.querySelectorAll('[data-copy]')) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'button'
  button.textContent = 'Copy'
  button.addEventListener('click', async () => {
    shown.select()
    await navigator.clipboard.writeText(shown.value)
    button.textContent = 'Copied'
  })
  shown.after(button)
}
