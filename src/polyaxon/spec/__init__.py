"""The file format: reading a polyaxonfile, its models, its types, and everything that can be wrong with one file.

`load.parse` turns text into a `Document` that knows where everything stands, `check.read` turns that into a model,
`dump.dump` turns a model back into a mapping. Pure: text and values in, values out.
"""
