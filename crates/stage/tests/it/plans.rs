//! A plan compared with the written files.

use dcgan_stage::{Error, Plan};

#[test]
fn what_is_written_is_what_was_planned() {
    let plan = Plan::new()
        .files(["grid.png", "figures.json"])
        .optional("events.csv")
        .many("images/*.png");
    let check = |written: &[&str]| plan.check(written.iter().copied());
    let certain = ["figures.json", "grid.png"];
    check(&certain).unwrap();
    check(
        &[
            &certain[..],
            &["events.csv", "images/a.png", "images/b.png"],
        ]
        .concat(),
    )
    .unwrap();
    for name in [
        "other.png",
        "images/a.gif",
        "images/below/a.png",
        "events.csv.partial",
    ] {
        let error = check(&[&certain[..], &[name]].concat()).unwrap_err();
        assert!(
            matches!(&error, Error::Unplanned { name: got } if got == name),
            "{error}"
        );
    }
    let error = check(&["grid.png", "images/a.png"]).unwrap_err();
    assert!(
        matches!(&error, Error::Unwritten { name } if name == "figures.json"),
        "{error}"
    );
}
