"""When what is measured now and then was measured."""

MODE_CURVES = ("modes_captured", "high_quality", "effective_modes", "mode_turnover")
"""What counting generated points at the modes of the data yields."""
CLASS_CURVES = ("classes_covered", "effective_classes", "confident_share", "frechet_distance")
"""What the classifier of digits says of generated pictures."""
STAMPS = {
    "active_units": "active_units_step",
    "wasserstein_exact": "wasserstein_exact_step",
    "sample_distance": "sample_distance_step",
    "wasserstein_pixels": "wasserstein_pixels_step",
    **dict.fromkeys(MODE_CURVES, "modes_step"),
    **dict.fromkeys(CLASS_CURVES, "classes_step"),
}
"""A measured curve → the curve that tells at which step its value was taken."""
