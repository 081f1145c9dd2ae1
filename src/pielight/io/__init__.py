"""Picture files: decoding, encoding, metadata and limits.

Checks and codecs raise ``PictureError`` without a file name, which :func:`.codec_errors.errors_named` adds.
Lists of notes that functions take are extended by what the user should know.
"""
