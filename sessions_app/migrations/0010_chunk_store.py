from django.db import migrations, models

BLOCKS = ("hot", "cold", "side")


def move_blocks(apps, schema_editor):
    """Out of the rows, under the keys of sessions_app.chunkstore.place."""
    chunks = apps.get_model("sessions_app", "EventChunk")
    store = apps.get_model("sessions_app", "StoredBlock")
    last = 0
    while page := list(chunks.objects.filter(pk__gt=last).order_by("pk")[:50]):
        last = page[-1].pk
        blocks = []
        for row in page:
            where = f"{row.run_id}/{row.epoch}/{row.first_seq}-{row.n}"
            found = {name: bytes(getattr(row, name)) for name in BLOCKS}
            row.texts = bool(found["side"])
            row.size = sum(map(len, found.values()))
            blocks += [
                store(key=f"{where}.{name}", data=data)
                for name, data in found.items()
                if data
            ]
        store.objects.bulk_create(blocks, batch_size=50)
        chunks.objects.bulk_update(page, ["texts", "size"], batch_size=50)


class Migration(migrations.Migration):
    # PostgreSQL alters no table whose rows were changed in the same transaction.
    atomic = False

    dependencies = [("sessions_app", "0009_imported_runs")]

    operations = [
        migrations.CreateModel(
            name="StoredBlock",
            fields=[
                (
                    "key",
                    models.CharField(max_length=120, primary_key=True, serialize=False),
                ),
                ("data", models.BinaryField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.AddField(
            model_name="eventchunk",
            name="size",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="eventchunk",
            name="texts",
            field=models.BooleanField(default=False),
        ),
        migrations.RunPython(move_blocks, atomic=True),
        migrations.RemoveField(model_name="eventchunk", name="cold"),
        migrations.RemoveField(model_name="eventchunk", name="hot"),
        migrations.RemoveField(model_name="eventchunk", name="side"),
        migrations.AddField(
            model_name="run",
            name="tidy",
            field=models.BooleanField(default=False),
        ),
    ]
