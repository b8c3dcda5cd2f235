// `import Fluvial` is all that a program needs.
@_exported public import FluvialTransports
