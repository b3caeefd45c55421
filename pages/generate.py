"""The Generate page: the inference stage, in which the generator or the decoder is all that is left."""

import streamlit as st

from genlab.ui.inference import VIEWS, about, choose_models, choose_view

with st.sidebar:
    models = choose_models()
    for model in models:
        about(model)

view = choose_view()
if models:
    VIEWS[view](models)

with st.expander("What to look for"):
    st.markdown(
        """
The **inference stage**: the generator's or the decoder's weights stand still, and $z$ drawn from the prior is all it
needs. The discriminator or critic, the encoder and the optimizers' moments are thrown away: they stay in the file.

- **Temperature** scales the noise. Low: examples near the middle of the codes, much alike. High: codes that it hardly
  met in training.
- **Memorised?** Samples whose distances to their nearest training example are far below those of held-out examples
  may be copies: look at the pairs. Blurred samples are close to many examples at once and are none.
- **Interpolation**: a model that has learned the data tends to change one example into another through plausible ones.
  Between modes that are far apart, a continuous generator must cross the gap.
"""
    )
