"""The context's methods, a layer a group; each layer calls only itself and those below it."""
