"""Writes `measures.json`: small arrays and the results of independent programs for them.

    pip install numpy scipy scikit-learn torch torchvision torch-fidelity prdc
    python make.py measures.json

Frechet distance by scipy's matrix square root, kernel distance and classifier score by
torch-fidelity, precision to coverage by prdc, nearest neighbours by scikit-learn.
"""

import json
import sys

import numpy as np
import scipy.linalg
import scipy.special
import torch
from prdc import compute_prdc
from sklearn.neighbors import KNeighborsClassifier
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kernel_poly, mmd2

rng = np.random.default_rng(6)


def features(n, shift, spread):
    """Like the output of a ReLU: correlated, not negative, many zeros."""
    mix = np.random.default_rng(1).normal(size=(7, 7))
    return np.maximum(rng.normal(shift, spread, size=(n, 7)) @ mix, 0).astype(np.float32)


def frechet(a, b):
    covariance_a, covariance_b = np.cov(a.T), np.cov(b.T)
    root = scipy.linalg.sqrtm(covariance_a @ covariance_b)
    shift = a.mean(0) - b.mean(0)
    return shift @ shift + np.trace(covariance_a + covariance_b - 2 * root.real)


def kernel(a, b):
    options = dict(kid_kernel_poly_degree=3, kid_kernel_poly_gamma=None, kid_kernel_poly_coef0=1)
    return mmd2(
        kernel_poly(a, a, **options), kernel_poly(a, b, **options), kernel_poly(b, b, **options)
    )


def classified(n, classes):
    logits = rng.normal(0, 3, size=(n, classes)).astype(np.float32)
    labels = rng.integers(0, classes, size=n)
    wide = logits.astype(np.float64)
    log_p = wide - scipy.special.logsumexp(wide, axis=1, keepdims=True)
    score = isc_features_to_metric(torch.tensor(wide), splits=1, shuffle=False)
    return {
        "logits": logits.ravel().tolist(),
        "classes": classes,
        "labels": labels.tolist(),
        "accuracy": float((log_p.argmax(1) == labels).mean()),
        "cross_entropy": float(-log_p[np.arange(n), labels].mean()),
        "score": float(score["inception_score_mean"]),
    }


def neighbours(n_train, n_test, d):
    """Coarse values, so that distances tie; scikit-learn's brute-force search takes the first."""
    train = rng.integers(0, 3, size=(n_train, d)) * 100
    test = rng.integers(0, 3, size=(n_test, d)) * 100
    train_labels, test_labels = rng.integers(0, 4, n_train), rng.integers(0, 4, n_test)
    model = KNeighborsClassifier(1, algorithm="brute", metric="sqeuclidean")
    model.fit(train, train_labels)
    squared = ((test[:, None].astype(int) - train[None].astype(int)) ** 2).sum(-1)
    assert (squared.argmin(1) == model.kneighbors(test)[1][:, 0]).all()
    return {
        "train": train.ravel().tolist(),
        "train_labels": train_labels.tolist(),
        "test": test.ravel().tolist(),
        "test_labels": test_labels.tolist(),
        "d": d,
        "indices": squared.argmin(1).tolist(),
        "squared": squared.min(1).tolist(),
        "error": float(1 - model.score(test, test_labels)),
    }


real, generated = features(60, 0.0, 1.0), features(60, 0.4, 0.8)
wide_real, wide_generated = real.astype(np.float64), generated.astype(np.float64)
few = generated[:45]
measures = {
    "d": 7,
    "real": real.ravel().tolist(),
    "generated": generated.ravel().tolist(),
    "mean": wide_real.mean(0).tolist(),
    "covariance": np.cov(wide_real.T).ravel().tolist(),
    "frechet_distance": float(frechet(wide_real, wide_generated)),
    "kernel_distance": float(kernel(wide_real, wide_generated)),
    "few": 45,
    "manifold": {
        str(k): {n: float(v) for n, v in compute_prdc(real, few, nearest_k=k).items()}
        for k in (1, 3, 5)
    },
    "classified": classified(40, 5),
    "neighbours": neighbours(70, 30, 6),
}
with open(sys.argv[1], "w") as file:
    json.dump(measures, file, separators=(",", ":"))
