/** Loaded before every test file: nothing but what all of them need. */
process.env.NODE_ENV = 'test'
