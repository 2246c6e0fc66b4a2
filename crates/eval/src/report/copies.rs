//! Whether images that are near to training images are copies of them.

use crate::figures::Metrics;

/// Share of memorised images from which the report adds a note: ten times the share of real images,
/// which is 1 % by construction.
const MANY: f64 = 0.1;
/// If recall is below this share of real images' recall, the generated images are all alike.
const ALIKE: f64 = 0.1;

/// A note if `memorised` probably does not mean copies. Images without contrast are nearer to any
/// image than images with contrast are to each other; they also look alike, so hardly any real
/// image is in the ball of one. Copies of more than a few training images have the recall of those.
pub(crate) fn doubt(metrics: &Metrics) -> Option<&'static str> {
    let memorised = metrics.pixels.memorised.as_ref()?;
    let recall = metrics.quality.recall.as_ref()?;
    let is_doubtful = memorised.value >= MANY && recall.value < ALIKE * recall.real?;
    is_doubtful.then_some(
        "Memorised may mislead here: recall is below a tenth of that of real images, so the \
         generated ones are alike, and faint or blurred images are nearer to training images than \
         test images are without being copies. nearest.png shows the nearest pairs.",
    )
}
