//! Networks from named arrays, and what is refused.

use crate::fixtures::{labelled, networks, unlabelled};
use dcgan::{Adam, AdamConfig, Arrays, Config, Discriminator, Error, Generator};

fn both(config: &Config) -> Arrays {
    let (g, d) = networks(config);
    let mut arrays = g.arrays().unwrap();
    arrays.extend(d.arrays().unwrap());
    arrays
}

/// Every weight and average gets a value of its own, so that a swap shows.
fn numbered(config: &Config) -> Arrays {
    let mut arrays = both(config);
    let values = arrays.values_mut().flat_map(|(_, values)| values);
    for (idx, value) in values.enumerate() {
        *value = idx as f32;
    }
    arrays
}

#[test]
fn arrays_go_there_and_back() {
    for config in [labelled(), unlabelled(19, 33, 3)] {
        let arrays = numbered(&config);
        let mut back = Generator::from_arrays(&config, &arrays)
            .unwrap()
            .arrays()
            .unwrap();
        let d = Discriminator::from_arrays(&config, &arrays).unwrap();
        back.extend(d.arrays().unwrap());
        assert_eq!(back, arrays);
    }
}

#[test]
fn every_missing_array_is_named() {
    for config in [labelled(), unlabelled(16, 16, 1)] {
        let arrays = both(&config);
        for (lost, (shape, _)) in &arrays {
            let mut rest = arrays.clone();
            rest.remove(lost);
            let outcome = if lost.starts_with("generator/") {
                Generator::from_arrays(&config, &rest).map(drop)
            } else {
                Discriminator::from_arrays(&config, &rest).map(drop)
            };
            let Err(Error::Missing { name, expected }) = outcome else {
                panic!("{lost}: {outcome:?}")
            };
            assert_eq!((&name, &expected), (lost, shape));
        }
    }
}

#[test]
fn extra_array_is_named_in_its_own_network() {
    let config = labelled();
    let mut arrays = both(&config);
    arrays.insert("generator/g_h9/w".into(), (vec![2], vec![0.0; 2]));
    let error = Generator::from_arrays(&config, &arrays).unwrap_err();
    assert!(
        matches!(&error, Error::Unexpected { name, got } if name == "generator/g_h9/w" && *got == [2]),
        "{error:?}"
    );
    Discriminator::from_arrays(&config, &arrays).unwrap();
}

#[test]
fn wrong_shape_and_wrong_length_are_named() {
    let config = labelled();
    let name = "discriminator/d_h0_conv/w";
    let (shape, values) = both(&config)[name].clone();
    let mut turned = shape.clone();
    turned.rotate_left(1);
    let short = values[1..].to_vec();
    for (wrong, values) in [(turned, values), (shape.clone(), short)] {
        let mut arrays = both(&config);
        let n = values.len();
        arrays.insert(name.into(), (wrong.clone(), values));
        let error = Discriminator::from_arrays(&config, &arrays).unwrap_err();
        let Error::Shape {
            name: named,
            expected,
            got,
            n_values,
        } = &error
        else {
            panic!("{error:?}")
        };
        assert_eq!(
            (named.as_str(), expected, got, *n_values),
            (name, &shape, &wrong, n)
        );
    }
}

/// The unlabelled arrays are not taken for a labelled network's.
#[test]
fn other_kind_of_network_is_refused() {
    let arrays = both(&unlabelled(16, 16, 1));
    let error = Generator::from_arrays(&labelled(), &arrays).unwrap_err();
    assert!(
        matches!(&error, Error::Shape { name, .. } if name == "generator/g_h0_lin/Matrix"),
        "{error:?}"
    );
}

#[test]
fn optimiser_state_goes_there_and_back() {
    let (g, _) = networks(&labelled());
    let (mut m, mut v) = Adam::of(g.parameters(), AdamConfig::default())
        .unwrap()
        .moments()
        .unwrap();
    for (idx, (_, values)) in m.values_mut().chain(v.values_mut()).enumerate() {
        values.fill(idx as f32);
    }
    let adam = Adam::load(g.parameters(), AdamConfig::default(), 41, &m, &v).unwrap();
    assert_eq!(adam.steps(), 41);
    assert_eq!(adam.moments().unwrap(), (m.clone(), v.clone()));

    let lost = v.remove("generator/g_h2/w");
    assert!(lost.is_some());
    let error = Adam::load(g.parameters(), AdamConfig::default(), 41, &m, &v).unwrap_err();
    assert!(
        matches!(&error, Error::Missing { name, .. } if name == "generator/g_h2/w"),
        "{error:?}"
    );
}
