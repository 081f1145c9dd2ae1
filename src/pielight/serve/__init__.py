"""The HTTP server, ``pielight serve``, and its client: photos and clips for programs, and the page for people.

The main process reads requests and answers them; it never decodes a picture. Worker processes do, so that a decoder
that crashes takes nothing else with it. The way of a request: ``guard`` (who may ask), ``uploads`` (its body, within
limits), ``parameters`` (its options), ``worker_pool`` (waits for a worker), ``worker`` (does the work).
"""
