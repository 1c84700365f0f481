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


def report(record):
    """Return the whole record as text, the parts that it has."""
    blocks = [f"Measured on {measured_on(record)}"]
    if "throughput" in record:
        flops = {name: flops_of(record, name) for name in record["throughput"]}  # of each network's own arithmetic
        rates = {name: flops[name] * row["images_per_second"] for name, row in record["throughput"].items()}
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
            for name, row in record["throughput"].items()
        ]
        columns = ["training", "images/s", "MFLOP/image", "GFLOP/s", "of the limit", "memory, MB", "start-up, s"]
        blocks.append(table(columns, rows))
    for lever, settings in record.get("levers", {}).items():
        rows = [
            [name, f"{row['images_per_second']:,.0f}", f"{row['times_the_book']:.2f}"] for name, row in settings.items()
        ]
        rows[0][0] += " (the book's)"
        blocks.append(table([lever, "images/s", "x the book's"], rows))
    for name, points in record.get("growth", {}).items():
        rows = [
            [
                f"{p['value']:,}",
                f"{p['seconds_per_epoch']:.2f}",
                f"{p['flops'] / 1e9:,.0f}",
                f"{p['flops'] / p['seconds_per_epoch'] / 1e9:,.0f}",
            ]
            for p in points
        ]
        blocks.append(table([name, "s per epoch", "GFLOP per epoch", "GFLOP/s"], rows))
    if "decoding" in record:
        task = record["decoding"]
        blocks.append(
            f"Decoding {task['codes']} codes: {task['one_call_s'] * 1000:.1f} ms in one call, "
            f"{task['predict_calls_s']:.1f} s by {task['codes']} calls of predict"
        )
    if "evaluation" in record:
        task = record["evaluation"]
        blocks.append(
            f"Evaluating: {task['elbo_images_per_second']:,.0f} images/s (ELBO), "
            f"{task['importance_samples_per_second']:,.0f} importance samples/s"
        )
    if "quality" in record:
        rows = [
            [
                SHOWN.get(name, name),
                f"{row['epochs']}",
                f"{row['seconds']:.1f}",
                f"{row['negative_elbo']:.2f} ± {row['margin']:.2f}",
            ]
            for name, row in record["quality"].items()
            if isinstance(row, dict) and "negative_elbo" in row
        ]
        blocks.append(table(["quality at unequal time", "epochs", "seconds", "test -ELBO, nats"], rows))
    return "\n\n".join(blocks)
