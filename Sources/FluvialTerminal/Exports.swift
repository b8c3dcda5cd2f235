// A program that imports this layer needs no other import.
@_exported public import Fluvial
@_exported public import FluvialTransports
