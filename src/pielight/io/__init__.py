"""Picture files: decoding, encoding, metadata and limits."""
