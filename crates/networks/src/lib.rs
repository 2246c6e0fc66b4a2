//! The labelled and the unlabelled DCGAN: layers, losses, Adam, parameters in a fixed order.
