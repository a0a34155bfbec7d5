"""What the Data tab asks of texts: the first of them."""


def describe(view, dataset, splits, schema, options, arguments):
    """Return the first texts and how many there are."""
    column = dataset.roles["text"][0]
    return {"rows": len(dataset), "first": [str(text) for text in dataset.table[column].head(5)]}


def first_views(answers):
    """Return the arguments of the views that are asked first."""
    return [{"view": "overview"}]
