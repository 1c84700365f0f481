"""A training run that goes on where it was: everything it needs, in one file. `helpers.training.train` uses it."""

import hashlib
import json
import os

import keras
import numpy as np
from keras import ops


class Checkpoint(keras.callbacks.Callback):
    """Writes everything a run needs to go on, after every epoch, in one atomic step."""

    def __init__(self, path, run, record, others):
        super().__init__()
        self.path, self.record = path, record
        self.others = [callback for callback in others if hasattr(callback, "get_state")]
        self.run = run | {"kept callbacks": [type(callback).__name__ for callback in self.others]}

    def on_train_begin(self, logs=None):
        if not self.path.exists():
            self.on_epoch_end(-1)  # so that a run interrupted in its first epoch starts from here

    def on_epoch_end(self, epoch, logs=None):
        arrays = {"meta": np.array(json.dumps({"run": self.run, "history": self.record.history}))}
        for i, variable in enumerate(_variables(self.model)):
            arrays[f"variable/{i}"] = ops.convert_to_numpy(variable)
        for i, callback in enumerate(self.others):
            arrays |= {f"callback/{i}/{name}": array for name, array in callback.get_state().items()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_name(self.path.name + ".part")
        with open(temporary, "wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self.path)

    def restore(self, model):
        """Load the checkpoint if there is one; return the number of epochs it has done."""
        # without this, the optimiser's state would be skipped silently
        model.optimizer.build(model.trainable_variables)
        if not self.path.exists():
            return 0
        if self.path.is_dir():
            raise ValueError(f"checkpoint must be the name of a file, but {self.path} is a folder.")
        cure = f"Delete {self.path} to start again, or give another file name."
        try:
            with np.load(self.path, allow_pickle=False) as file:
                arrays = dict(file)
            meta = json.loads(str(arrays["meta"]))
            run, history = meta["run"], meta["history"]
            saved = [arrays[f"variable/{i}"] for i in range(sum(name.startswith("variable/") for name in arrays))]
        except Exception as error:  # damage shows in many ways: zip, zlib, header, JSON
            raise ValueError(
                f"The checkpoint {self.path} cannot be read: it is damaged or no checkpoint ({error}). {cure}"
            ) from error
        for name in [*self.run, *run]:
            if run.get(name) != self.run.get(name):
                raise ValueError(
                    f"The checkpoint {self.path} belongs to another run: its {name} is "
                    f"{run.get(name)}, here it is {self.run.get(name)}. {cure}"
                )
        done = len(history.get("seconds", []))
        if done > self.record.epochs:
            raise ValueError(f"The checkpoint {self.path} has {done} epochs, but epochs={self.record.epochs}. {cure}")
        variables = _variables(model)
        if [tuple(v.shape) for v in variables] != [a.shape for a in saved]:
            raise ValueError(f"The checkpoint {self.path} does not fit this model and optimizer. {cure}")
        for variable, array in zip(variables, saved):
            variable.assign(array)
        for i, callback in enumerate(self.others):
            prefix = f"callback/{i}/"
            callback.set_state({k[len(prefix) :]: v for k, v in arrays.items() if k.startswith(prefix)})
        self.record.history = history
        return done


def _variables(model):
    return [*model.weights, *model.optimizer.variables]


def identity(model, x, batch_size, seed):
    """Return what must be equal for a checkpoint to belong to this run."""
    shapes = str([tuple(w.shape) for w in model.weights])
    run = {"images": _digest(np.ascontiguousarray(x)), "batch_size": int(batch_size), "seed": int(seed)}
    run |= {"weight shapes": _digest(shapes.encode()), "beta": str(getattr(model, "beta", None))}
    run["optimizer"] = type(model.optimizer).__name__
    options = model.optimizer.get_config()
    return run | {f"optimizer's {name}": str(options[name]) for name in options if name != "name"}


def _digest(data):
    return hashlib.sha256(data).hexdigest()[:12]
