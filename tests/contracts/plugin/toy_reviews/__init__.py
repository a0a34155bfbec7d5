"""A package of somebody else's: reviews, happy or not. It adds a domain and a kind of row to Daylight."""
