"""Metadata of pictures: EXIF, XMP, MPF, thumbnails and maker notes."""
