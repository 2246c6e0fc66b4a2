//! The choice of kernels in the settings, and the library's backends.

use dcgan::{Backend, Kernels};
use dcgan_settings::KernelChoice;

/// The stages translate one into the other by its name.
#[test]
fn every_choice_of_kernels_names_a_backend_of_its_own() {
    let named = KernelChoice::ALL.map(|choice| Backend::named(choice.name()));
    let mut expected = Kernels::ALL.map(Backend::Fused).to_vec();
    expected.push(Backend::Portable);
    assert_eq!(named.len(), expected.len());
    for backend in expected {
        assert!(named.contains(&Some(backend)), "{backend:?} in {named:?}");
    }
    assert_eq!(
        Backend::named(KernelChoice::Auto.name()),
        Some(Backend::default())
    );
}
