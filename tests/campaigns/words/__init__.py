"""Tests of the words: templates, Liquid, finished letters."""
