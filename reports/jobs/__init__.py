"""The background work of figures: split over the workers, safe to be done twice and to be broken off. Each module registers its kinds."""
