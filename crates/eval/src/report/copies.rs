//! Whether images that are near to training images are copies of them.

use crate::figures::Metrics;

/// So many memorised images need a word: ten times as many as there are by construction.
const MANY: f64 = 0.1;
/// With a smaller share of real images' recall the generated ones are all alike.
const ALIKE: f64 = 0.1;

/// The doubt that `memorised` means copies. Images without contrast are nearer to any image than
/// images with contrast are to each other; they also look alike, so that hardly a real image is
/// within the ball of one. Copies of more than a few training images have the recall of those.
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
