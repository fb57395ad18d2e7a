//! Shapes that change: what is cut off never comes back, whoever dies on the way.
