//! What reads do besides giving the right values.
