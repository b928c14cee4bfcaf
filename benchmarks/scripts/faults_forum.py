"""The forum part: mistakes that people describe in forums, blogs and debugging guides, with the
codes that name them, and variants that are healthy.

A comment above a mistake says where it was found: the address of the thread or page.
"""

from __future__ import annotations

from benchmarks.scripts.programs import Change, Fault, Variant


def fault(base: str, name: str, kind: str, accepted: str, *changes: Change) -> Fault:
    return Fault(base, name, kind, tuple(accepted.split()), changes)


def variant(base: str, name: str, *changes: Change) -> Variant:
    return Variant(base, name, changes)


PARAMETERS = "optimizer's parameters"

FAULTS = (
    # --- spectro_lstm
    # source: https://discuss.pytorch.org/t/lstm-change-batch-first-true-loss-does-not-decrease/62364
    fault(
        "spectro_lstm",
        "time-first-lstm-fed-batch-first",
        "samples mixed",
        "TR32",
        (", hidden, batch_first=True)", ", hidden)"),
    ),
    # source: http://pullrequest.ru/10248037/cnn-keras-shodyatsya-odnomu-tomu-zhe-znacheniy-nezavisimo-vvoda
    fault(
        "spectro_lstm",
        "inputs-not-scaled",
        "inputs",
        "TR01",
        ("        decibel = (decibel - 78.0) / 8.0\n", ""),
    ),
    # source: https://leyaa.ai/codefly/learn/nlp/part-2/nlp-rnnbased-text-generation/challenge
    fault("spectro_lstm", "lr-too-high", "rate", "TR35", ("lr=5e-3)", "lr=1.0)")),
    # --- review_bigru
    # source: https://discuss.pytorch.org/t/bi-lstm-acc-doesnt-improve-over-65/145062/2
    fault(
        "review_bigru",
        "last-step-of-padded-output",
        "recurrent state",
        "TR14 TR32",
        (
            "text = torch.cat([last[0], last[1]], dim=1)",
            "text = nn.utils.rnn.pad_packed_sequence(states, batch_first=True)[0][:, -1]",
        ),
    ),
    # source: https://whosebug.com/question/6336732/Pytorch-Binary-Classification-RNN-Model-not-Learning
    fault(
        "review_bigru",
        "answers-rounded-before-the-loss",
        "cut off",
        "TR45 TR96 TR116",
        (
            "loss = criterion(logits, moods)",
            "loss = nn.functional.binary_cross_entropy(logits.sigmoid().round(), moods)",
        ),
    ),
    # source: https://stackguides.com/questions/46620813/keras-lstm-model-not-learning-binary-sequence
    fault(
        "review_bigru",
        "softmax-on-one-output",
        "loss",
        "TR26 TR27",
        ("return self.out(text).squeeze(1)", "return self.out(text).softmax(dim=1).squeeze(1)"),
    ),
    # source: https://vicresagm-spec.github.io/my_blog/trainalbe-layers-pytorch.html
    fault(
        "review_bigru",
        "layer-made-in-forward",
        PARAMETERS,
        "TR114",
        (
            "return self.out(text).squeeze(1)",
            "return nn.Linear(text.size(1), 1)(text).squeeze(1)",
        ),
    ),
    # source: http://karpathy.github.io/2019/04/25/recipe/
    fault(
        "review_bigru",
        "loss-clipped-instead-of-gradients",
        "clipping",
        "TR45 TR96 TR116",
        (
            "        loss = criterion(logits, moods)\n",
            "        loss = criterion(logits, moods).clamp(max=0.5)\n",
        ),
        ("        nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n", ""),
    ),
    # source: https://www.explaintopic.com/networking/neural-network-training-loss-not-decreasing-in-production-en-1765892512.html
    fault(
        "review_bigru",
        "sigmoid-before-loss-with-logits",
        "loss",
        "TR26",
        ("return self.out(text).squeeze(1)", "return torch.sigmoid(self.out(text)).squeeze(1)"),
    ),
    # --- digits_port
    # source: https://discuss.pytorch.org/t/400-higher-error-with-pytorch-compared-with-identical-keras-model-with-adam-optimizer/160720
    fault("digits_port", "no-eval", "mode", "TR47 TR48", ("    model.eval()\n", "")),
    # source: https://emitechlogic.com/pytorch-debugging-checklist-a-systematic-framework-to-fix-models-that-wont-learn
    fault(
        "digits_port",
        "never-back-in-training-mode",
        "mode",
        "TR47",
        ("    model.train()\n", ""),
        ('history = {"loss"', 'model.eval()\nhistory = {"loss"'),
    ),
    # source: http://t.zoukankan.com/rabitvision-p-13721067.html
    fault(
        "digits_port",
        "batch-norm-remembers-its-start",
        "batch norm",
        "TR47 TR48",
        ("nn.BatchNorm2d(12)", "nn.BatchNorm2d(12, momentum=0.001)"),
        ("nn.BatchNorm2d(24)", "nn.BatchNorm2d(24, momentum=0.001)"),
    ),
    # source: https://datarekha.com/interview/deep-learning/debugging-model-not-learning/
    fault(
        "digits_port",
        "labels-shuffled-alone",
        "targets",
        "TR10 TR99",
        (
            "train_dl = DataLoader(train_ds, batch_size=50, shuffle=True)",
            "train_xs, train_ys = zip(*train_ds)\n"
            "x_dl = DataLoader(train_xs, batch_size=50, shuffle=True)\n"
            "y_dl = DataLoader(train_ys, batch_size=50, shuffle=True)",
        ),
        ("for xb, yb in train_dl:", "for xb, yb in zip(x_dl, y_dl):"),
    ),
    # source: https://whosebug.com/question/6336732/Pytorch-Binary-Classification-RNN-Model-not-Learning
    fault(
        "digits_port",
        "softmax-before-cross-entropy",
        "loss",
        "TR26",
        ("x = self.logits(x)", "x = F.softmax(self.logits(x), dim=1)"),
    ),
    # source: http://xiaobeizi.cn/x/6iuujguWdu
    fault(
        "digits_port",
        "cleared-before-step",
        "gradients",
        "TR116",
        (
            "        optimizer.zero_grad()\n        loss.backward()\n",
            "        loss.backward()\n        optimizer.zero_grad()\n",
        ),
    ),
    # source: https://github.com/ivadomed/ivadomed/pull/55
    fault(
        "digits_port",
        "schedule-per-batch",
        "schedule",
        "TR118",
        ("        optimizer.step()\n", "        optimizer.step()\n        scheduler.step()\n"),
        ("    scheduler.step()\n    model.eval()", "    model.eval()"),
    ),
    # source: https://discuss.pytorch.org/t/cross-entropy-loss-is-not-decreasing/43814/16
    fault(
        "digits_port",
        "adam-at-the-rate-of-sgd",
        "rate",
        "TR35 TR43",
        (
            "torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.8, nesterov=True)",
            "torch.optim.Adam(model.parameters(), lr=0.1)",
        ),
    ),
    # --- house_prices
    # source: https://discuss.pytorch.org/t/400-higher-error-with-pytorch-compared-with-identical-keras-model-with-adam-optimizer/160720
    fault(
        "house_prices",
        "n-by-1-against-n",
        "shapes",
        "TR32",
        (
            "scaler_y.transform(price[mask, None]), dtype=torch.float32)",
            "scaler_y.transform(price[mask, None])[:, 0], dtype=torch.float32)",
        ),
    ),
    # source: http://theorangeduck.com/page/neural-network-not-working
    fault(
        "house_prices",
        "inputs-not-scaled",
        "inputs",
        "TR01",
        ("torch.tensor(scaler_x.transform(table[mask]), ", "torch.tensor(table[mask], "),
    ),
    # source: https://web-offline.shuffle-on.com/content/stats.stackexchange.com_en_all_2024-10/questions/594738/loss-is-growing-between-epochs-in-simple-model
    fault(
        "house_prices",
        "targets-not-scaled",
        "targets",
        "TR06",
        (
            "StandardScaler().fit(price[old, None])",
            "StandardScaler(with_mean=False, with_std=False).fit(price[old, None])",
        ),
    ),
    # source: https://lschmiddey.github.io/fastpages_/2021/10/25/How-to-correctly-standardize-your-data.html
    fault(
        "house_prices",
        "test-rows-scaled-on-their-own",
        "inputs",
        "TR03",
        (
            "    x_test, _ = rows(new)\n",
            "    x_test = torch.tensor(StandardScaler().fit_transform(table[new]), dtype=torch.float32)\n",
        ),
    ),
    # source: https://whosebug.com/index.php/question/6116914/neural-network-trained-with-PyTorch-outputs-the-mean-value-for-every-input
    fault(
        "house_prices",
        "lr-too-low",
        "rate",
        "TR36",
        ("default=0.02", "default=1e-5"),
    ),
    # source: https://taourl.com/read-3032193.html
    fault(
        "house_prices",
        "weight-decay-too-strong",
        "regularization",
        "TR50",
        ("default=1e-5", "default=0.5"),
    ),
    # source: https://github.com/Lightning-AI/pytorch-lightning/issues/1156
    fault(
        "house_prices",
        "plateau-called-for-every-batch",
        "schedule",
        "TR118",
        (
            "            optimizer.step()\n",
            "            optimizer.step()\n            plateau.step(loss)\n",
        ),
        ("        plateau.step(val_loss)\n", ""),
    ),
    # source: https://github.com/FunctionLab/selene/issues/115
    fault(
        "house_prices",
        "plateau-waits-for-a-rise",
        "schedule",
        "TR93",
        ('mode="min"', 'mode="max"'),
    ),
    # --- sine_forecast
    # source: http://karpathy.github.io/2019/04/25/recipe/
    fault(
        "sine_forecast",
        "viewed-instead-of-transposed",
        "samples mixed",
        "TR32",
        ("x.transpose(0, 1)", "x.reshape(x.size(1), x.size(0), 1)"),
    ),
    # source: https://discuss.pytorch.org/t/time-series-the-prediction-result-of-lstm-is-approximately-straight-line/98896
    fault(
        "sine_forecast",
        "three-units-at-a-low-rate",
        "rate",
        "TR36 TR54 TR55",
        ("hidden: int = 24", "hidden: int = 3"),
        ("lr: float = 5e-3", "lr: float = 3e-4"),
    ),
    # source: https://stats.stackexchange.com/questions/376851/why-is-lstm-so-ineffective-at-this-ridiculously-simple-sequence
    fault(
        "sine_forecast",
        "gradients-kept",
        "gradients",
        "TR46",
        ("            optimizer.zero_grad()\n", ""),
    ),
    # source: http://karpathy.github.io/2019/04/25/recipe/
    fault(
        "sine_forecast",
        "target-inside-the-window",
        "targets",
        "TR97",
        (
            "train = DataLoader(Windows(series[:1800], config), ",
            "train = DataLoader(Windows(series[:1800], Config(horizon=0)), ",
        ),
    ),
    # source: http://theorangeduck.com/page/neural-network-not-working
    fault(
        "sine_forecast",
        "series-not-scaled",
        "inputs",
        "TR01 TR06",
        ("    series = (series - mean) / std\n", ""),
    ),
    # source: http://theorangeduck.com/page/neural-network-not-working
    fault(
        "sine_forecast",
        "sigmoid-below-targets",
        "targets",
        "TR28",
        ("self.linear(out[-1]).squeeze(-1)", "torch.sigmoid(self.linear(out[-1])).squeeze(-1)"),
    ),
    # source: https://discuss.pytorch.org/t/output-of-the-model-depends-on-the-shape-of-the-weights-tensor/148155
    fault(
        "sine_forecast",
        "n-by-1-against-n",
        "shapes",
        "TR32",
        ("self.linear(out[-1]).squeeze(-1)", "self.linear(out[-1])"),
    ),
    # --- raw_spiral
    # source: https://www.mejorcodigo.com/p/9820.html
    fault(
        "raw_spiral",
        "positive-random-weights",
        "signal",
        "TR23 TR42",
        ("torch.randn(n_in, n_out) * (1.5 / n_in**0.5)", "torch.rand(n_in, n_out)"),
    ),
    # source: https://github.com/greebear/pytorch-learning/issues/1
    fault(
        "raw_spiral",
        "gradients-kept",
        "gradients",
        "TR46",
        ("            p.grad.zero_()\n", ""),
    ),
    # source: https://discuss.pytorch.org/t/unable-to-learn-xor-representation-using-2-layers-of-multi-layered-perceptron-mlp/13287/3
    fault(
        "raw_spiral",
        "no-activations",
        "signal",
        "TR52",
        ("torch.tanh(x @ w1 + b1)", "x @ w1 + b1"),
        ("torch.tanh(h1 @ w2 + b2)", "h1 @ w2 + b2"),
    ),
    # source: https://ttsugriy.github.io/llm-first-principles/stages/stage-03/common-mistakes
    fault(
        "raw_spiral",
        "initial-weights-too-small",
        "signal",
        "TR23 TR40",
        ("(1.5 / n_in**0.5)", "0.0001"),
    ),
    # source: https://ttsugriy.github.io/llm-first-principles/stages/stage-03/common-mistakes
    fault(
        "raw_spiral",
        "softmax-over-the-batch",
        "samples mixed",
        "TR32",
        ("logits.logsumexp(1, keepdim=True)", "logits.logsumexp(0, keepdim=True)"),
    ),
    # source: https://taourl.com/read-1959901.html
    fault(
        "raw_spiral",
        "zero-weights",
        "signal",
        "TR22 TR45",
        ("torch.randn(n_in, n_out) * (1.5 / n_in**0.5)", "torch.zeros(n_in, n_out)"),
    ),
    # --- vae_digits
    # source: https://whosebug.com/question/5616116/What-could-cause-a-VAE-Variational-AutoEncoder-to-output-random-noise-even-after-training
    fault(
        "vae_digits",
        "pixels-below-the-sigmoid",
        "targets",
        "TR28",
        ("pixels = pixels / 16.0", "pixels = (pixels / 16.0 - 0.5) / 0.5"),
    ),
    # source: https://whosebug.com/question/5616116/What-could-cause-a-VAE-Variational-AutoEncoder-to-output-random-noise-even-after-training
    fault(
        "vae_digits",
        "mean-error-against-summed-kl",
        "regularization",
        "TR14 TR50",
        ("20.0 * ((recon - x) ** 2).sum(dim=1)", "((recon - x) ** 2).mean(dim=1)"),
    ),
    # source: https://www.chenk.top/en/standalone/vae-guide/
    fault(
        "vae_digits",
        "sampled-without-gradient",
        "cut off",
        "TR14 TR45",
        ("z = q.rsample()", "z = q.sample()"),
    ),
    # --- corridor_reinforce
    # source: https://huggingface.co/datasets/nvidia/Nemotron-CC-Math-v1 (Policy Gradients and Reinforce with Baseline Loss Function)
    fault(
        "corridor_reinforce",
        "relu-on-the-scores",
        "loss",
        "TR29",
        ("scores = self.policy(seen)", "scores = torch.relu(self.policy(seen))"),
    ),
    # source: https://huggingface.co/datasets/nvidia/Nemotron-CC-Math-v1 (Policy Gradients and Reinforce with Baseline Loss Function)
    fault(
        "corridor_reinforce",
        "sign-flipped",
        "loss",
        "TR33",
        ("actor_loss = -((log_probs", "actor_loss = ((log_probs"),
    ),
    # source: https://codefrydev.in/Reinforcement/appendix/debugging-rl-code
    fault(
        "corridor_reinforce",
        "returns-added-up-from-the-start",
        "targets",
        "TR10",
        ("for t in reversed(range(STEPS)):", "for t in range(STEPS):"),
    ),
    # --- line_dqn
    # source: https://huggingface.co/datasets/nvidia/Nemotron-CC-Math-v1 (Reinforcement Learning Simple Problem: Agent Not Learning, Wrong Action)
    fault(
        "line_dqn",
        "state-not-scaled",
        "inputs",
        "TR01",
        ("return (t.unsqueeze(-1) - 350.0) / 200.0", "return t.unsqueeze(-1)"),
    ),
    # source: https://codefrydev.in/Reinforcement/appendix/debugging-rl-code
    fault(
        "line_dqn",
        "end-of-episode-ignored",
        "targets",
        "TR96",
        (" * torch.from_numpy(~reached)", ""),
    ),
    # source: https://codefrydev.in/Reinforcement/appendix/debugging-rl-code
    fault(
        "line_dqn",
        "reward-with-the-wrong-sign",
        "targets",
        "TR10",
        ("reward = 1.0 if reached else -0.05", "reward = -1.0 if reached else -0.05"),
    ),
    # --- pinn_spring
    # source: https://discuss.pytorch.org/t/400-higher-error-with-pytorch-compared-with-identical-keras-model-with-adam-optimizer/160720
    fault(
        "pinn_spring",
        "graph-retained-not-created",
        "cut off",
        "TR34 TR45 TR96",
        (
            "a = derivative(v, t)",
            "a = torch.autograd.grad(v, t, grad_outputs=torch.ones_like(v), retain_graph=True)[0]",
        ),
    ),
    # source: https://allamaprabhuani.github.io/tutorials/05-pinns/
    fault(
        "pinn_spring",
        "flat-function-is-a-solution",
        "loss",
        "TR96",
        ("loss = physics + 20 * start", "loss = physics"),
    ),
    # --- dates_transformer
    # source: https://premxai.com/writing/transformer-from-scratch
    fault(
        "dates_transformer",
        "no-causal-mask",
        "attention",
        "TR97",
        ("tgt_mask=causal, ", ""),
    ),
    # source: https://thecodeforge.io/ml-ai/transformers-attention-mechanism/
    fault(
        "dates_transformer",
        "no-positions",
        "attention",
        "TR104",
        ("return x + self.table[: x.size(1)]", "return x"),
    ),
    # source: https://www.weblineglobal.com/blog/pytorch-transformerdecoder-fix-seq2seq-guide
    fault(
        "dates_transformer",
        "targets-not-shifted",
        "targets",
        "TR97",
        ("target[:, 1:].flatten())", "target[:, :-1].flatten())"),
    ),
    # source: https://github.com/alibaba/cascade-stereo/issues/17
    fault(
        "dates_transformer",
        "schedule-per-epoch",
        "schedule",
        "TR82 TR118",
        ("        scheduler.step()\n        done += 1\n", "        done += 1\n"),
        ('    print("steps"', '    scheduler.step()\n    print("steps"'),
    ),
    # --- segment_blobs
    # source: https://discuss.pytorch.org/t/pytorch-gradient-accumulation/55955
    fault(
        "segment_blobs",
        "accumulated-not-averaged",
        "accumulation",
        "TR35 TR117",
        ("(loss / accumulate).backward()", "loss.backward()"),
    ),
    # source: https://discuss.pytorch.org/t/help-appreciated-unet-binary-image-segmentation-issue/184539
    fault(
        "segment_blobs",
        "background-outweighs-discs",
        "class weights",
        "TR07",
        ("return bce + 1 - dice(logits.sigmoid(), y).mean()", "return bce"),
        ("logits, y, pos_weight=torch.tensor(3.0))", "logits, y)"),
    ),
    # source: http://karpathy.github.io/2019/04/25/recipe/
    fault(
        "segment_blobs",
        "masks-not-flipped",
        "targets",
        "TR10 TR18 TR99",
        ("images.flip(-1), masks.flip(-1)", "images.flip(-1), masks"),
    ),
    # source: https://github.com/huggingface/pytorch-image-models/issues/1182
    fault(
        "segment_blobs",
        "average-at-rest",
        "average of weights",
        "TR89",
        ("decay=0.9", "decay=0.9999"),
    ),
    # source: https://github.com/fadel/pytorch_ema/issues/15
    fault(
        "segment_blobs",
        "averaged-once-per-epoch",
        "average of weights",
        "TR89",
        ("            average.update(model)\n", ""),
        ('    print("epoch"', '    average.update(model)\n    print("epoch"'),
    ),
    # source: https://github.com/FlyreelAI/sesemi/issues/36
    fault(
        "segment_blobs",
        "statistics-of-the-average-at-rest",
        "average of weights",
        "TR47 TR48 TR89",
        (
            "        for mine, other in zip(self.model.buffers(), model.buffers()):\n            mine.copy_(other)\n",
            "",
        ),
    ),
    # source: https://www.explaintopic.com/networking/neural-network-training-loss-not-decreasing-in-production-en-1765892512.html
    fault(
        "segment_blobs",
        "sigmoid-before-loss-with-logits",
        "loss",
        "TR26",
        ("return self.last(x)", "return torch.sigmoid(self.last(x))"),
        ("average.model(test_x) > 0)", "average.model(test_x) > 0.5)"),
    ),
    # --- batch_hard
    # source: https://openillumi.com/en/en-fix-pytorch-cpu-nan-powbackward0
    fault(
        "batch_hard",
        "root-of-zero",
        "numbers",
        "TR121",
        ("(squares + 1e-8).sqrt()", "squares.sqrt()"),
    ),
    # source: https://quaterion.qdrant.tech/tutorials/triplet_loss_trick.html
    fault(
        "batch_hard",
        "collapsed-to-one-point",
        "rate",
        "TR14 TR35 TR43",
        ("lr=2e-3, weight_decay=0.05", "lr=0.1, weight_decay=0.05"),
    ),
    # source: https://runebook.dev/en/docs/pytorch/generated/torch.nn.functional.triplet_margin_loss
    fault(
        "batch_hard",
        "easy-triplets",
        "loss",
        "TR96 TR116",
        (
            "d.masked_fill(~same, 0.0).max(dim=1)",
            "d.masked_fill(~same | (d < 1e-3), float('inf')).min(dim=1)",
        ),
        ('d.masked_fill(same, float("inf")).min(dim=1)', "d.masked_fill(same, 0.0).max(dim=1)"),
    ),
    # source: https://discuss.pytorch.org/t/recreating-keras-performance-in-pytorch/183856
    fault(
        "batch_hard",
        "labels-of-other-rows",
        "targets",
        "TR10 TR99",
        (
            "train_x, train_y = x[order[:600]], y[order[:600]]",
            "train_x, train_y = x[order[:600]], y[:600]",
        ),
    ),
    # --- molecule_graphs
    # source: https://taourl.com/read-3032196.html
    fault(
        "molecule_graphs", "no-activations", "signal", "TR52", ("F.relu(conv(h, a))", "conv(h, a)")
    ),
    # source: https://kube-dojo.github.io/ai-ml-engineering/deep-learning/module-1.3-training-neural-networks/
    fault(
        "molecule_graphs",
        "layers-in-a-list",
        PARAMETERS,
        "TR114",
        (
            "nn.ModuleList([Convolution(dim) for _ in range(depth)])",
            "[Convolution(dim) for _ in range(depth)]",
        ),
    ),
    # source: https://ttsugriy.github.io/llm-first-principles/stages/stage-03/common-mistakes
    fault(
        "molecule_graphs",
        "softmax-over-the-batch",
        "samples mixed",
        "TR26 TR32",
        (
            "return self.head(torch.cat([(weights * h).sum(1), total], 1))",
            "return self.head(torch.cat([(weights * h).sum(1), total], 1)).softmax(dim=0)",
        ),
    ),
    # source: https://theneuralbase.pages.dev/pytorch/learn/beginner/detach-stopping-gradient-flow/
    fault(
        "molecule_graphs",
        "features-detached",
        "cut off",
        "TR45",
        (
            "        scores = self.attend(h)",
            "        h = h.detach()\n        scores = self.attend(h)",
        ),
    ),
    # source: https://github.com/heartcored98/Standalone-DeepLearning/issues/11
    fault(
        "molecule_graphs",
        "cleared-once-per-epoch",
        "gradients",
        "TR46",
        ("            optimizer.zero_grad()\n", ""),
        ("        total = 0.0\n", "        total = 0.0\n        optimizer.zero_grad()\n"),
    ),
    # --- finetune_new
    # source: http://karpathy.github.io/2019/04/25/recipe/
    fault(
        "finetune_new",
        "other-scale-than-in-pretraining",
        "inputs",
        "TR02 TR03 TR87",
        ("x, y = preprocess(x[new]), y[new] - 6", "x, y = x[new] / 255.0, y[new] - 6"),
    ),
    # source: https://theneuralbase.com/pytorch/learn/intermediate/checkpoint-during-training/
    fault(
        "finetune_new",
        "pretrained-weights-not-loaded",
        "cut off",
        "TR88",
        (
            "state = torch.load(file, weights_only=True)",
            'state = {f"module.{k}": v for k, v in torch.load(file, weights_only=True).items()}',
        ),
    ),
    # source: https://git.mytsl.cn/csh/playbook/src/commit/c4c6a41c21890fc4831c237e591152b329a8597d/antigravity-awesome-skills/skills/remote-gpu-trainer/references/training/convergence-debugging.md
    fault(
        "finetune_new",
        "optimizer-of-the-replaced-head",
        PARAMETERS,
        "TR114 TR115 TR116",
        ("    model.fc = nn.Linear(64, 4)\n", ""),
        (
            "    head = torch.optim.Adam(model.fc.parameters(), lr=5e-3)\n",
            "    head = torch.optim.Adam(model.fc.parameters(), lr=5e-3)\n    model.fc = nn.Linear(64, 4)\n",
        ),
    ),
    # source: https://deependujha.github.io/red-arrow/cuda/01-basics/02-concepts/04-transfer-learning/
    fault(
        "finetune_new",
        "all-layers-at-a-high-rate",
        "rate",
        "TR35 TR43",
        ('"lr": 3e-4}', '"lr": 0.1}'),
    ),
    # source: https://emitechlogic.com/pytorch-debugging-checklist-a-systematic-framework-to-fix-models-that-wont-learn
    fault(
        "finetune_new",
        "scaled-twice",
        "inputs",
        "TR02",
        ("return (pixels - 4.9) / 6.0", "return pixels / 255.0 / 255.0"),
    ),
    # --- fraud_weights
    # source: https://ai.stackexchange.com/questions/37618/unexpected-behaviour-on-using-class-weights-in-loss
    fault(
        "fraud_weights",
        "weights-grow-with-the-classes",
        "class weights",
        "TR94",
        ("len(y) / (self.n_classes * counts)", "self.n_classes * counts / len(y)"),
    ),
    # source: https://errorhandle.ai/multilabel-classification-converges-to-all-zeroes
    fault(
        "fraud_weights",
        "classes-not-weighted",
        "class weights",
        "TR07",
        (
            "nn.CrossEntropyLoss(weight=torch.tensor(weights, dtype=torch.float32))",
            "nn.CrossEntropyLoss()",
        ),
    ),
    # source: https://www.sipoch.com/en/article/300330019692222
    fault(
        "fraud_weights",
        "sorted-by-class",
        "order of samples",
        "TR17",
        (
            "        self.mean, self.std =",
            "        x, y = x[y.argsort()], np.sort(y)\n        self.mean, self.std =",
        ),
        ("batch_size=64, shuffle=True", "batch_size=64"),
    ),
    # source: https://programmerteach.com/p/37-reasons-why-your-neural-network-is-not-working
    fault(
        "fraud_weights",
        "missing-values",
        "inputs",
        "TR05",
        (
            "    model = FraudModel(12, 3)",
            "    x_train[np.random.default_rng(seed).random(x_train.shape) < 0.002] = np.nan\n"
            "    model = FraudModel(12, 3)",
        ),
        ("x.mean(0), x.std(0)", "np.nanmean(x, 0), np.nanstd(x, 0)"),
    ),
    # source: https://programmerteach.com/p/37-reasons-why-your-neural-network-is-not-working
    fault(
        "fraud_weights",
        "new-payments-not-scaled",
        "inputs",
        "TR03",
        (
            "self.net(self.prepare(x)).argmax",
            "self.net(torch.tensor(x, dtype=torch.float32)).argmax",
        ),
    ),
)

VARIANTS = (
    # source: https://discuss.pytorch.org/t/cross-entropy-loss-is-not-decreasing/43814/16
    variant(
        "spectro_lstm",
        "log-softmax-before-cross-entropy",
        ("return self.head(out[:, -1])", "return self.head(out[:, -1]).log_softmax(dim=1)"),
    ),
    variant(
        "spectro_lstm",
        "forget-gates-open-at-first",
        (
            "        self.head = nn.Linear(hidden, 2)\n",
            "        self.head = nn.Linear(hidden, 2)\n"
            "        self.lstm.bias_ih_l0.data[hidden : 2 * hidden] = 1.0\n",
        ),
    ),
    variant(
        "review_bigru",
        "cross-entropy-of-probabilities-by-hand",
        (
            "loss = criterion(logits, moods)",
            "p = logits.sigmoid().clamp(1e-6, 1 - 1e-6)\n"
            "        loss = -(moods * p.log() + (1 - moods) * (1 - p).log()).mean()",
        ),
    ),
    variant(
        "review_bigru",
        "state-by-the-largest-of-all-steps",
        (
            "text = torch.cat([last[0], last[1]], dim=1)",
            "padded, _ = nn.utils.rnn.pad_packed_sequence(states, batch_first=True, padding_value=-1e4)\n"
            "        text = padded.max(dim=1).values",
        ),
    ),
    # source: http://karpathy.github.io/2019/04/25/recipe/
    variant(
        "digits_port",
        "no-biases-before-batch-norm",
        ("nn.Conv2d(1, 12, 3, padding=1)", "nn.Conv2d(1, 12, 3, padding=1, bias=False)"),
        ("nn.Conv2d(12, 24, 3, padding=1)", "nn.Conv2d(12, 24, 3, padding=1, bias=False)"),
    ),
    variant("digits_port", "pixels-up-to-16", ("raw.images / 16.0", "raw.images")),
    # source: https://discuss.pytorch.org/t/what-does-model-eval-do-for-batchnorm-layer/7146
    variant(
        "digits_port",
        "batch-norm-of-all-batches",
        ("nn.BatchNorm2d(12)", "nn.BatchNorm2d(12, momentum=None)"),
        ("nn.BatchNorm2d(24)", "nn.BatchNorm2d(24, momentum=0.5)"),
    ),
    variant(
        "house_prices",
        "summed-loss-at-a-lower-rate",
        ("mse = nn.MSELoss()", 'mse = nn.MSELoss(reduction="sum")'),
        ("default=0.02", "default=0.02 / 32"),
    ),
    # source: https://devhide.com/why-do-i-have-values-outside-the-normalization-range-in-my-test-set-63692460
    variant(
        "house_prices",
        "inputs-between-0-and-1",
        ("import StandardScaler", "import MinMaxScaler, StandardScaler"),
        ("scaler_x, scaler_y = StandardScaler()", "scaler_x, scaler_y = MinMaxScaler()"),
    ),
    variant("house_prices", "huber", ("mse = nn.MSELoss()", "mse = nn.HuberLoss(delta=0.5)")),
    # source: https://discuss.pytorch.org/t/the-loss-in-pytorch-decreases-slower-than-in-keras/61598
    variant(
        "sine_forecast",
        "windows-in-order",
        ("config.batch_size, shuffle=True", "config.batch_size"),
    ),
    variant(
        "sine_forecast",
        "cleared-after-the-step",
        ("            optimizer.zero_grad()\n", ""),
        (
            "            optimizer.step()\n",
            "            optimizer.step()\n            model.zero_grad()\n",
        ),
    ),
    variant(
        "raw_spiral",
        "gradients-asked-for",
        (
            "    loss.backward()\n",
            "    for p, grad in zip(params, torch.autograd.grad(loss, params)):\n        p.grad = grad\n",
        ),
        ("            p.grad.zero_()\n", "            p.grad = None\n"),
    ),
    variant(
        "raw_spiral",
        "logarithm-of-softmax",
        ("logits - logits.logsumexp(1, keepdim=True)", "(logits.softmax(1) + 1e-12).log()"),
    ),
    # source: https://www.chenk.top/en/standalone/vae-guide/
    variant(
        "vae_digits",
        "kl-grows",
        ("loss = reconstruction + kl", "loss = reconstruction + min(1.0, epoch / 10) * kl"),
    ),
    variant(
        "vae_digits",
        "cross-entropy-of-pixels",
        (
            "20.0 * ((recon - x) ** 2).sum(dim=1)",
            "5.0 * nn.functional.binary_cross_entropy(recon, x, reduction='none').sum(dim=1)",
        ),
    ),
    variant(
        "corridor_reinforce",
        "normalized-advantages",
        (
            "advantages = returns - values.detach()",
            "advantages = returns - values.detach()\n"
            "        advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-6)",
        ),
    ),
    # source: https://huggingface.co/datasets/nvidia/Nemotron-CC-Math-v1 (Policy Gradients and Reinforce with Baseline Loss Function)
    variant(
        "corridor_reinforce",
        "minus-inside",
        (
            "actor_loss = -((log_probs * advantages + 0.01 * entropies) * alive)",
            "actor_loss = ((-log_probs * advantages - 0.01 * entropies) * alive)",
        ),
    ),
    variant(
        "line_dqn",
        "target-follows-slowly",
        (
            "        if frames % 50 == 0:\n            target.load_state_dict(q.state_dict())\n",
            "        with torch.no_grad():\n"
            "            for slow, fast in zip(target.parameters(), q.parameters()):\n"
            "                slow.lerp_(fast, 0.05)\n",
        ),
    ),
    variant(
        "pinn_spring",
        "fixed-grid",
        ("END * torch.rand(64, 1)", "torch.linspace(0, END, 64)[:, None]"),
    ),
    variant(
        "pinn_spring",
        "start-built-in",
        ("return self.layers[-1](h)", "return 1 + (t / END) ** 2 * 4 * self.layers[-1](h)"),
    ),
    # source: https://discuss.pytorch.org/t/pytorch-gradient-accumulation/55955
    variant(
        "dates_transformer",
        "two-halves-of-a-batch",
        (
            "        scores = model(train_source[rows], target[:, :-1])\n"
            "        loss = cross_entropy(scores.flatten(0, 1), target[:, 1:].flatten())\n"
            "        optimizer.zero_grad(set_to_none=True)\n"
            "        loss.backward()\n",
            "        optimizer.zero_grad(set_to_none=True)\n"
            "        for half in rows.chunk(2):\n"
            "            target = train_target[half]\n"
            "            scores = model(train_source[half], target[:, :-1])\n"
            "            loss = cross_entropy(scores.flatten(0, 1), target[:, 1:].flatten()) / 2\n"
            "            loss.backward()\n",
        ),
    ),
    variant(
        "dates_transformer",
        "learned-positions",
        (
            'self.register_buffer("table", torch.stack([at.sin(), at.cos()], dim=2).flatten(1))',
            "self.table = nn.Parameter(torch.stack([at.sin(), at.cos()], dim=2).flatten(1))",
        ),
    ),
    variant(
        "segment_blobs",
        "statistics-averaged-too",
        (
            "            mine.copy_(other)\n",
            "            mine.copy_(mine.lerp(other, 1 - self.decay) if mine.is_floating_point() else other)\n",
        ),
    ),
    variant(
        "segment_blobs",
        "discs-not-weighted",
        ("logits, y, pos_weight=torch.tensor(3.0))", "logits, y)"),
    ),
    variant(
        "batch_hard",
        "soft-margin",
        (
            "(positive - negative + self.margin).clamp(min=0).mean()",
            "nn.functional.softplus(positive - negative).mean()",
        ),
    ),
    variant(
        "batch_hard",
        "noise-in-training",
        (
            "loss = criterion(net(batch), labels)",
            "loss = criterion(net(batch + 0.1 * torch.randn_like(batch)), labels)",
        ),
    ),
    variant(
        "molecule_graphs",
        "one-convolution-used-thrice",
        ("[Convolution(dim) for _ in range(depth)]", "[Convolution(dim)] * depth"),
    ),
    variant(
        "molecule_graphs",
        "zero-last-layer",
        (
            "    model = GraphNet()\n",
            "    model = GraphNet()\n    nn.init.zeros_(model.head[-1].weight)\n",
        ),
    ),
    variant(
        "finetune_new",
        "frozen-parameters-in-the-optimizer",
        (
            "torch.optim.Adam(model.fc.parameters(), lr=5e-3)",
            "torch.optim.Adam(model.parameters(), lr=5e-3)",
        ),
    ),
    variant(
        "fraud_weights",
        "drawn-equally-often",
        (
            "import DataLoader, TensorDataset",
            "import DataLoader, TensorDataset, WeightedRandomSampler",
        ),
        (
            "nn.CrossEntropyLoss(weight=torch.tensor(weights, dtype=torch.float32))",
            "nn.CrossEntropyLoss()",
        ),
        (
            "batch_size=64, shuffle=True)",
            "batch_size=64, sampler=WeightedRandomSampler(weights[y], len(y)))",
        ),
    ),
)
