"""A benchmark's record as text."""

from helpers.speed import flops_of, measured_on

SHOWN = {"Keras example": "Keras example, convolutional"}  # another network than ours


def table(columns, rows):
    """Return lines of a plain table, the first column to the left, the others to the right."""
    cells = [columns, *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]

    def line(row):
        return "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))
        ).rstrip()

    return "\n".join([line(cells[0]), line(["-" * width for width in widths]), *map(line, cells[1:])])


def speed(record):
    """Return blocks of text about how fast the trainings and tasks of a record were."""
    throughput, flops = record["throughput"], {name: flops_of(record, name) for name in record["throughput"]}
    rates = {name: flops[name] * row["images_per_second"] for name, row in throughput.items()}  # own arithmetic
    rows = [
        [
            SHOWN.get(name, name),
            f"{row['images_per_second']:,.0f}",
            f"{flops[name] / 1e6:.1f}",
            f"{rates[name] / 1e9:.0f}",
            f"{rates[name] / rates[record['limit']]:.0%}",
            "?" if row["memory_mb"] is None else f"{row['memory_mb']:,}",
            f"{row['start_up_s']:.1f}",
        ]
        for name, row in throughput.items()
    ]
    columns = ["training", "images/s", "MFLOP/image", "GFLOP/s", "of the limit", "memory, MB", "start-up, s"]
    blocks = [f"Measured on {measured_on(record)}", table(columns, rows)]
    for lever, settings in record["levers"].items():
        rows = []
        for name, row in settings.items():
            rows.append([name, f"{row['images_per_second']:,.0f}", f"{row['times_the_book']:.2f}"])
        rows[0][0] += " (the book's)"
        blocks.append(table([lever, "images/s", "x the book's"], rows))
    for name, points in record["growth"].items():
        rows = []
        for point in points:
            flops, seconds = point["flops"] / 1e9, point["seconds_per_epoch"]
            rows.append([f"{point['value']:,}", f"{seconds:.2f}", f"{flops:,.0f}", f"{flops / seconds:,.0f}"])
        blocks.append(table([name, "s per epoch", "GFLOP per epoch", "GFLOP/s"], rows))
    decoding, evaluation = record["decoding"], record["evaluation"]
    return [
        *blocks,
        f"Decoding {decoding['codes']} codes: {decoding['one_call_s'] * 1000:.1f} ms in one call, "
        f"{decoding['predict_calls_s']:.1f} s by {decoding['codes']} calls of predict",
        f"Evaluating: {evaluation['elbo_images_per_second']:,.0f} images/s (ELBO), "
        f"{evaluation['importance_samples_per_second']:,.0f} importance samples/s",
    ]


def report(record):
    """Return a record as text: of the speeds, of the race of quality, or of both."""
    blocks = speed(record) if "machine" in record else []
    if "quality" in record:
        race, rows = record["quality"], []
        for name in ("Keras example", "ours"):
            reached = f"{race[name]['negative_elbo']:.2f} ± {race[name]['margin']:.2f}"
            rows.append([SHOWN.get(name, name), race[name]["epochs"], f"{race[name]['seconds']:.1f}", reached])
        blocks.append(table(["quality at unequal time", "epochs", "seconds", "test -ELBO, nats"], rows))
    return "\n\n".join(blocks)
