"""Zero-cost proxies: numbers that a model's untrained state gives, one file each. They may reject, never crown."""
