"""Objectives of training: what is prepared, what the loss is, what is exported.

``restoration`` trains enhancers (the tasks ``brighten``, ``dehaze`` and ``derain``), ``denoise`` the denoiser,
``finetune`` a trained enhancer on a user's own pictures, and ``joint`` an enhancer in front of a downstream model.
"""
