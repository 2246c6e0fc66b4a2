//! Numbers as text.

/// The shortest decimal text that reads back as the same `f32`, e.g. `0.1`, `1e-10`, `NaN`, `-inf`.
pub fn format_f32(value: f32) -> String {
    let magnitude = value.abs();
    if magnitude == 0.0 || !magnitude.is_finite() || (1e-5..1e16).contains(&magnitude) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}
