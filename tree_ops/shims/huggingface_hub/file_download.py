"""Files of the hub are out of reach."""


def hf_hub_download(repo_id, filename="", **options):
    """No file: a model that is part of one file has no files of its own."""
    raise OSError(f"{repo_id}/{filename} lies on a hub, and nothing is fetched from there by this file")


def snapshot_download(repo_id, **options):
    return hf_hub_download(repo_id)
