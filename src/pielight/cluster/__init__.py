"""A million photos: shards in, shards out, on one machine or on many; what is done is what has a manifest."""
