"""The trackers part: mistakes from issue trackers, with the codes that name them, and healthy variants.

The comment above a mistake or a variant says where somebody reported or discussed it.
"""

from __future__ import annotations

from benchmarks.scripts.programs import Change, Fault, Variant


def fault(base: str, name: str, kind: str, accepted: str, *changes: Change) -> Fault:
    return Fault(base, name, kind, tuple(accepted.split()), changes)


def variant(base: str, name: str, *changes: Change) -> Variant:
    return Variant(base, name, changes)


PARAMETERS = "optimizer's parameters"

FAULTS = (
    # --- a2c_cliff
    # source: https://github.com/PacktPublishing/Deep-Reinforcement-Learning-Hands-On/issues/74
    fault(
        "a2c_cliff",
        "values-n-by-1",
        "shapes",
        "TR32",
        ("self.critic(h).squeeze(-1)", "self.critic(h)"),
        (
            "discounted(rewards, dones, last_value)\n        log",
            "discounted(rewards, dones, last_value.squeeze(-1))\n        log",
        ),
    ),
    # source: https://github.com/cyoon1729/deep-Q-networks/pull/5
    fault(
        "a2c_cliff",
        "returns-beyond-the-end",
        "targets",
        "TR10 TR96",
        ("GAMMA * running * (1 - done)", "GAMMA * running"),
    ),
    # source: https://github.com/PacktPublishing/Tensorflow-2-Reinforcement-Learning-Cookbook/issues/27
    fault(
        "a2c_cliff",
        "reversed-inside-the-loop",
        "targets",
        "TR10 TR99",
        ("    returns.reverse()\n", "        returns.reverse()\n"),
    ),
    # source: https://github.com/udacity/deep-reinforcement-learning/issues/42
    fault(
        "a2c_cliff",
        "first-return-for-all-steps",
        "targets",
        "TR10 TR99",
        ("return torch.stack(returns)", "return torch.stack([returns[0]] * len(returns))"),
    ),
    # source: https://github.com/Farama-Foundation/Gymnasium/issues/1336
    fault(
        "a2c_cliff",
        "mean-of-log-probabilities",
        "samples mixed",
        "TR32 TR96",
        ("(log_probs * advantage.detach())", "(log_probs.mean() * advantage.detach())"),
    ),
    # --- vae_elbo
    # source: https://github.com/mkusner/grammarVAE/issues/2
    fault(
        "vae_elbo",
        "divergence-averaged-over-latents",
        "loss",
        "TR96",
        ("kl = -0.5 * torch.sum(", "kl = -0.5 * torch.mean("),
    ),
    # source: https://github.com/alecGraves/BVAE-tf/issues/7
    fault(
        "vae_elbo",
        "variance-as-deviation",
        "sampling",
        "TR76 TR96",
        ("torch.exp(0.5 * log_var)\n        return", "torch.exp(log_var)\n        return"),
    ),
    # source: https://github.com/EDAPINENUT/GNTPP/issues/4
    fault(
        "vae_elbo",
        "divergence-summed-over-the-batch",
        "loss",
        "TR21 TR96",
        ("log_var.exp(), dim=1)", "log_var.exp())"),
    ),
    # source: https://github.com/masato-ka/airc-rl-agent/issues/43
    fault(
        "vae_elbo",
        "softplus-on-log-variance",
        "loss",
        "TR28 TR29",
        (
            "return self.mu(h), self.log_var(h)",
            "return self.mu(h), nn.functional.softplus(self.log_var(h))",
        ),
    ),
    # --- implicit_mf
    # source: https://github.com/benfred/implicit/pull/103
    fault(
        "implicit_mf",
        "liked-items-as-negatives",
        "targets",
        "TR11 TR15",
        (
            "                while self.train[user, other]:\n                    other = self.rng.integers(N_ITEMS)\n",
            "",
        ),
    ),
    # source: https://github.com/yudi-mars/daisyRec/pull/15
    fault(
        "implicit_mf",
        "sigmoid-twice",
        "loss",
        "TR26",
        (
            "return dot + self.item_bias(items).squeeze(-1)",
            "return torch.sigmoid(dot + self.item_bias(items).squeeze(-1))",
        ),
    ),
    # source: https://github.com/line/open-universe/issues/5
    fault(
        "implicit_mf",
        "item-factors-twice",
        PARAMETERS,
        "TR114",
        ("list(model.user.parameters()) + ", "list(model.item.parameters()) + "),
    ),
    # source: https://github.com/tinghuiz/SfMLearner/issues/34
    fault(
        "implicit_mf",
        "weight-decay-too-strong",
        "regularization",
        "TR50",
        ("weight_decay=1e-5", "weight_decay=0.05"),
    ),
    # source: https://github.com/salesforce/corr_based_prediction/issues/1
    fault(
        "implicit_mf",
        "cleared-once-per-epoch",
        "gradients",
        "TR46",
        ("        optimizer.zero_grad()\n", ""),
        ("    history = []\n", "    history = []\n    optimizer.zero_grad()\n"),
    ),
    # --- coupling_flow
    # source: https://github.com/wohlert/semi-supervised-pytorch/issues/21
    fault(
        "coupling_flow",
        "determinants-summed-over-the-batch",
        "loss",
        "TR21 TR32 TR96",
        (
            "return -(log_prob + log_det).mean()\n\n\ndef gaussian",
            "return -(log_prob + log_det.sum()).mean()\n\n\ndef gaussian",
        ),
    ),
    # source: https://github.com/VincentStimper/normalizing-flows/issues/27
    fault(
        "coupling_flow",
        "sign-of-the-determinant",
        "loss",
        "TR33 TR96",
        (
            "return -(log_prob + log_det).mean()\n\n\ndef gaussian",
            "return -(log_prob - log_det).mean()\n\n\ndef gaussian",
        ),
    ),
    # source: https://github.com/vislearn/FrEIA/issues/16
    fault(
        "coupling_flow",
        "density-averaged-over-dimensions",
        "loss",
        "TR96",
        ("-0.5 * (z ** 2).sum(dim=1)", "-0.5 * (z ** 2).mean(dim=1)"),
    ),
    # source: https://github.com/Nota-NetsPresso/netspresso-trainer/issues/320
    fault(
        "coupling_flow",
        "no-activations",
        "signal",
        "TR52",
        ("nn.Linear(half, hidden), nn.LeakyReLU(0.1),", "nn.Linear(half, hidden),"),
        ("nn.Linear(hidden, hidden), nn.LeakyReLU(0.1),", "nn.Linear(hidden, hidden),"),
    ),
    # --- ddpm_clusters
    # source: https://github.com/nathan-barry/tiny-diffusion/issues/2
    fault(
        "ddpm_clusters",
        "sampled-from-clean-to-noisy",
        "sampling",
        "TR90",
        ("for i in reversed(range(schedule.steps)):", "for i in range(schedule.steps):"),
    ),
    # source: https://github.com/IDEALLab/EngiOpt/pull/67
    fault(
        "ddpm_clusters",
        "data-not-scaled",
        "inputs",
        "TR01",
        ("data = (raw - center) / scale", "data = raw"),
    ),
    # source: https://github.com/IDEALLab/EngiOpt/pull/67
    fault(
        "ddpm_clusters",
        "predicted-noise-used-again",
        "sampling",
        "TR90",
        ("schedule.beta[i].sqrt() * torch.randn_like(x)", "schedule.beta[i].sqrt() * eps"),
    ),
    # source: https://github.com/IDEALLab/EngiOpt/pull/67
    fault(
        "ddpm_clusters",
        "too-few-steps-to-noise",
        "schedule",
        "TR90",
        ("steps=60, low=1e-3, high=0.2", "steps=15, low=1e-3, high=0.2"),
    ),
    # source: https://github.com/MultimediaTechLab/YOLO/issues/97
    fault(
        "ddpm_clusters",
        "average-never-updated",
        "average of weights",
        "TR89 TR115",
        ("        ema.update(model)\n", ""),
    ),
    # source: https://github.com/Nerogar/OneTrainer/issues/889
    fault(
        "ddpm_clusters",
        "average-too-slow",
        "average of weights",
        "TR89",
        ("decay=0.98", "decay=0.9999"),
    ),
    # --- padded_tagger
    # source: https://github.com/neuro-galaxy/torch_brain/pull/74
    fault(
        "padded_tagger",
        "mask-inverted",
        "attention",
        "TR14 TR76",
        ("mask = tokens == PAD", "mask = tokens != PAD"),
    ),
    # source: https://github.com/IBM/TabFormer/pull/14
    fault(
        "padded_tagger",
        "batch-taken-for-time",
        "samples mixed",
        "TR32",
        ("dropout=0.0, batch_first=True)", "dropout=0.0)"),
        ("self.encoder(x, src_key_padding_mask=mask)", "self.encoder(x)"),
    ),
    # source: https://github.com/zcao0420/MOFormer/issues/9
    fault(
        "padded_tagger",
        "positions-along-the-batch",
        "attention",
        "TR32 TR104",
        ("torch.zeros(1, max_len, d_model)", "torch.zeros(max_len, 1, d_model)"),
        ("pe[0, :, 0::2]", "pe[:, 0, 0::2]"),
        ("pe[0, :, 1::2]", "pe[:, 0, 1::2]"),
        ("self.pe[:, :x.size(1)]", "self.pe[:x.size(0)]"),
    ),
    # source: https://github.com/coqui-ai/TTS/issues/1611
    fault(
        "padded_tagger",
        "warm-up-per-epoch",
        "schedule",
        "TR82 TR118",
        ("            scheduler.step()\n", ""),
        (
            '        print(f"{epoch}: {total',
            '        scheduler.step()\n        print(f"{epoch}: {total',
        ),
    ),
    # --- intent_bilstm
    # source: https://github.com/timbmg/Sentence-VAE/issues/15
    fault(
        "intent_bilstm",
        "state-viewed-not-transposed",
        "samples mixed",
        "TR32",
        ("h_n.transpose(0, 1).reshape(-1, 2 * self.n_hidden)", "h_n.view(-1, 2 * self.n_hidden)"),
    ),
    # source: https://github.com/yunjey/pytorch-tutorial/issues/196
    fault(
        "intent_bilstm",
        "batch-taken-for-time",
        "samples mixed",
        "TR32",
        ("bidirectional=True, batch_first=True)", "bidirectional=True)"),
        ("final = h_n.transpose(0, 1).reshape(-1, 2 * self.n_hidden)", "final = output[:, -1]"),
    ),
    # source: https://github.com/illiterate/BertClassifier/issues/2
    fault(
        "intent_bilstm",
        "softmax-before-cross-entropy",
        "loss",
        "TR26",
        ("return self.out(final)", "return F.softmax(self.out(final), dim=1)"),
    ),
    # source: https://github.com/facebookresearch/DME/issues/3
    fault(
        "intent_bilstm",
        "dropout-in-evaluation",
        "mode",
        "TR47",
        (
            "F.dropout(self.embedding(ids), 0.3, self.training)",
            "F.dropout(self.embedding(ids), 0.3)",
        ),
    ),
    # --- molecule_sum
    # source: https://github.com/sufeidechabei/graphnets_gcn/issues/1
    fault(
        "molecule_sum",
        "messages-not-averaged",
        "signal",
        "TR23 TR41 TR44",
        ("        received = received / degree.clamp(min=1).unsqueeze(1)\n", ""),
    ),
    # source: https://github.com/state-spaces/s4/pull/30
    fault(
        "molecule_sum",
        "outputs-of-layers-unused",
        "cut off",
        "TR45",
        ("h = h + layer(h, batch.edges)", "out = h + layer(h, batch.edges)"),
    ),
    # source: https://github.com/ikostrikov/pytorch-meta-optimizer/issues/11
    fault(
        "molecule_sum",
        "layers-in-a-list",
        PARAMETERS,
        "TR114",
        (
            "nn.ModuleList([GraphLayer(width) for _ in range(depth)])",
            "[GraphLayer(width) for _ in range(depth)]",
        ),
    ),
    # source: https://github.com/JacksonBurns/chemeleon/pull/34
    fault(
        "molecule_sum",
        "targets-of-other-rows",
        "targets",
        "TR10 TR99",
        (
            "train = [(a, e, (value - mean) / std) for a, e, value in train]",
            "train = [(a, e, (other[2] - mean) / std) for (a, e, _), other in zip(train, graphs[300:])]",
        ),
    ),
    # source: https://github.com/sktime/sktime/issues/10931
    fault(
        "molecule_sum",
        "n-by-1-against-n",
        "shapes",
        "TR32",
        ("self.readout(pooled / sizes).squeeze(-1)", "self.readout(pooled / sizes)"),
    ),
    # source: https://github.com/Lornatang/SRGAN-PyTorch/issues/1
    fault(
        "molecule_sum",
        "schedule-per-batch",
        "schedule",
        "TR118",
        ("    scheduler.step()\n", ""),
        (
            "        losses.append(loss.item())\n",
            "        losses.append(loss.item())\n        scheduler.step()\n",
        ),
    ),
    # --- dice_shapes
    # source: https://github.com/Hsuxu/Loss_ToolBox-PyTorch/issues/11
    fault(
        "dice_shapes",
        "sigmoid-again-in-dice",
        "loss",
        "TR26",
        (
            "probs, target = probs.flatten(1), target",
            "probs, target = torch.sigmoid(probs).flatten(1), target",
        ),
    ),
    # source: https://github.com/avBuffer/UNet3plus_pth/issues/23
    fault(
        "dice_shapes",
        "sigmoid-in-the-model",
        "loss",
        "TR26",
        (
            "return self.head(self.up(torch.cat([deep, skip], dim=1)))",
            "return torch.sigmoid(self.head(self.up(torch.cat([deep, skip], dim=1))))",
        ),
        ("found = self.model(images) > 0\n", "found = self.model(images) > 0.5\n"),
    ),
    # source: https://github.com/jakeret/tf_unet/issues/15
    fault(
        "dice_shapes",
        "logits-into-dice",
        "loss",
        "TR25 TR96",
        ("probs = torch.sigmoid(logits)\n", "probs = logits\n"),
    ),
    # source: https://github.com/albumentations-team/albumentations/issues/549
    fault(
        "dice_shapes",
        "mask-not-flipped",
        "targets",
        "TR10 TR18 TR99",
        (
            "image, mask = image[:, ::-1].copy(), mask[:, ::-1].copy()",
            "image = image[:, ::-1].copy()",
        ),
    ),
    # source: https://github.com/wolny/pytorch-3dunet/issues/53
    fault(
        "dice_shapes",
        "no-eval-single-images",
        "mode",
        "TR47 TR48",
        ("        self.model.eval()\n", ""),
        ("False), batch_size=40)", "False), batch_size=1)"),
    ),
    # source: https://github.com/ClementPinard/SfmLearner-Pytorch/issues/5
    fault(
        "dice_shapes",
        "schedule-instead-of-step",
        "step",
        "TR116",
        (
            "        self.optimizer.step()\n",
            "        if self.scheduler:\n            self.scheduler.step()\n        else:\n            self.optimizer.step()\n",
        ),
    ),
    # source: https://github.com/Selen-Suyue/DensePolicy2D/issues/3
    fault(
        "dice_shapes",
        "reshaped-not-permuted",
        "shapes",
        "TR10 TR99 TR103",
        (
            "torch.from_numpy(image).permute(2, 0, 1)",
            "torch.from_numpy(image).reshape(3, SIDE, SIDE)",
        ),
    ),
    # --- kd_refinery
    # source: https://github.com/microsoft/ProDA/issues/20
    fault(
        "kd_refinery",
        "no-log-before-kl",
        "loss",
        "TR25",
        ("log_prob = F.log_softmax(student_logits / t", "log_prob = F.softmax(student_logits / t"),
    ),
    # source: https://github.com/labmlai/annotated_deep_learning_paper_implementations/issues/66
    fault(
        "kd_refinery",
        "teacher-compared-with-itself",
        "cut off",
        "TR96 TR116",
        (
            "log_prob = F.log_softmax(student_logits / t",
            "log_prob = F.log_softmax(teacher_logits / t",
        ),
    ),
    # source: https://github.com/haitongli/knowledge-distillation-pytorch/pull/16
    fault(
        "kd_refinery",
        "teachers-answers-in-another-order",
        "targets",
        "TR10 TR99",
        (
            "        for idx in torch.randperm(len(x)).split(hp.batch):\n            few",
            "        for idx, answers in zip(torch.randperm(len(x)).split(hp.batch), teacher_logits.split(hp.batch)):\n            few",
        ),
        ("teacher_logits[idx])", "answers)"),
    ),
    # source: https://github.com/thulab/DeepHash/issues/54
    fault(
        "kd_refinery",
        "teacher-initialized-again",
        PARAMETERS,
        "TR10 TR88 TR115",
        (
            "    teacher.eval()\n    with torch.no_grad():\n",
            "    for module in [*teacher, *student]:\n        if isinstance(module, nn.Linear):\n            nn.init.xavier_uniform_(module.weight)\n"
            "    teacher.eval()\n    with torch.no_grad():\n",
        ),
    ),
    # source: https://github.com/kaonashi-tyc/zi2zi/issues/81
    fault(
        "kd_refinery",
        "variance-of-initial-weights",
        "signal",
        "TR23 TR44",
        (
            "    return nn.Sequential(*layers[:-1])\n",
            "    for layer in layers[::2]:\n        nn.init.normal_(layer.weight, 0.0, 1.0)\n    return nn.Sequential(*layers[:-1])\n",
        ),
    ),
    # --- gan_spiral
    # source: https://github.com/nikhilsinghmus/image2reverb/issues/37
    fault(
        "gan_spiral",
        "detached-for-the-generator",
        "cut off",
        "TR45 TR116",
        ("output = netD(fake)\n", "output = netD(fake.detach())\n"),
    ),
    # source: https://github.com/Lornatang/ESRGAN-PyTorch/issues/39
    fault(
        "gan_spiral",
        "generators-optimizer-twice",
        "step",
        "TR45 TR116",
        ("        optimizerD.step()\n", "        optimizerG.step()\n"),
        ("output = netD(fake)\n", "output = netD(netG.sample(opt.batch))\n"),
    ),
    # --- keypoint_pairs
    # source: https://github.com/robertklee/COCO-Human-Pose/pull/29
    fault(
        "keypoint_pairs",
        "sides-not-swapped",
        "targets",
        "TR10 TR15 TR18 TR99",
        ("    mirrored = mirrored[:, [2, 3, 0, 1]]\n", ""),
    ),
    # source: https://github.com/suyukun666/S2CNet/issues/12
    fault(
        "keypoint_pairs",
        "points-not-mirrored",
        "targets",
        "TR10 TR18 TR99",
        ("torch.where(flip.view(-1, 1), mirrored, points)", "points"),
    ),
    # source: https://github.com/tom-roddick/oft/issues/6
    fault(
        "keypoint_pairs",
        "one-loss-only",
        "loss",
        "TR45 TR96",
        ('total = 10 * losses["position"] + losses["kind"]', 'total = 10 * losses["position"]'),
    ),
    # source: https://github.com/pkmital/pycadl/pull/5
    fault(
        "keypoint_pairs",
        "divided-by-255-twice",
        "inputs",
        "TR02",
        (".float().unsqueeze(1) / 255", ".float().unsqueeze(1) / 255 / 255"),
    ),
    # source: https://github.com/lucidrains/CoCa-pytorch/issues/6
    fault(
        "keypoint_pairs",
        "features-detached",
        "cut off",
        "TR45",
        ("self.fc(x.flatten(1))", "self.fc(x.flatten(1).detach())"),
    ),
    # --- reid_batch_hard
    # source: https://github.com/akanazawa/cmr/issues/11
    fault(
        "reid_batch_hard",
        "root-of-zero",
        "numbers",
        "TR121",
        ("square.clamp(min=1e-12).sqrt()", "square.sqrt()"),
    ),
    # source: https://github.com/xiaolonw/caffe-video_triplet/issues/8
    fault("reid_batch_hard", "lr-too-high", "rate", "TR35", ("lr=1e-3", "lr=0.1")),
    # source: https://github.com/keras-team/keras/issues/9498
    fault(
        "reid_batch_hard",
        "distance-of-means",
        "loss",
        "TR96",
        (".pow(2).sum(-1)", ".pow(2).mean(-1)"),
    ),
    # source: https://github.com/HobbitLong/SupContrast/pull/142
    fault(
        "reid_batch_hard",
        "normalized-over-the-batch",
        "samples mixed",
        "TR32",
        (
            "nn.functional.normalize(self.layers(x), dim=1)",
            "nn.functional.normalize(self.layers(x), dim=0)",
        ),
    ),
    # --- fraud_focal
    # source: https://github.com/unsky/focal-loss/issues/9
    fault(
        "fraud_focal",
        "weights-of-the-other-class",
        "loss",
        "TR94",
        (
            "self.alpha * targets + (1 - self.alpha) * (1 - targets)",
            "self.alpha * (1 - targets) + (1 - self.alpha) * targets",
        ),
    ),
    # source: https://github.com/itakurah/focal-loss-pytorch/pull/5
    fault(
        "fraud_focal",
        "sigmoid-twice",
        "loss",
        "TR26",
        ("with_logits(logits, targets", "with_logits(torch.sigmoid(logits), targets"),
    ),
    # source: https://github.com/MCG-NJU/TDN/issues/6
    fault(
        "fraud_focal",
        "column-of-the-other-branch",
        "inputs",
        "TR14",
        ("self.shop(categories[:, 1])", "self.shop(categories[:, 0])"),
    ),
    # source: https://github.com/zjunlp/HVPNeT/issues/5
    fault(
        "fraud_focal",
        "last-layers-not-optimized",
        PARAMETERS,
        "TR114",
        (
            "torch.optim.SGD(model.parameters()",
            'torch.optim.SGD([p for name, p in model.named_parameters() if not name.startswith(("fc2", "fc3"))]',
        ),
    ),
    # source: https://github.com/facebookresearch/nwm/issues/16
    fault(
        "fraud_focal",
        "not-cleared-with-bfloat16",
        "gradients",
        "TR46",
        (
            "                optimizer.step()\n                optimizer.zero_grad()\n",
            "                optimizer.step()\n                if not cfg.bfloat:\n                    optimizer.zero_grad()\n",
        ),
    ),
    # source: https://github.com/bytetriper/RAE/issues/67
    fault(
        "fraud_focal",
        "cleared-each-micro-batch",
        "accumulation",
        "TR116 TR117",
        (
            "            (loss / cfg.accumulate)",
            "            optimizer.zero_grad()\n            (loss / cfg.accumulate)",
        ),
    ),
    # source: https://github.com/yandex-research/tabm/issues/20
    fault(
        "fraud_focal",
        "clipped-before-backward",
        "clipping",
        "TR119",
        ("                nn.utils.clip_grad_norm_(model.parameters(), cfg.clip)\n", ""),
        (
            "            (loss / cfg.accumulate)",
            "            if k % cfg.accumulate == 1:\n                nn.utils.clip_grad_norm_(model.parameters(), cfg.clip)\n            (loss / cfg.accumulate)",
        ),
    ),
    # source: https://github.com/NVIDIA/apex/issues/358
    fault(
        "fraud_focal",
        "log-of-rounded-probabilities",
        "numbers",
        "TR75 TR121",
        (
            'bce = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")\n        p = torch.sigmoid(logits)\n',
            "p = torch.clamp(torch.sigmoid(logits), 1e-8, 1 - 1e-8)\n        bce = -(targets * torch.log(p) + (1 - targets) * torch.log(1 - p))\n",
        ),
        ("criterion(logits.float(), labels[rows])", "criterion(logits, labels[rows])"),
    ),
    # --- residual_warmup
    # source: https://github.com/FlyreelAI/sesemi/issues/36
    fault(
        "residual_warmup",
        "average-without-statistics",
        "average of weights",
        "TR89",
        ("in self.module.state_dict().items():", "in self.module.named_parameters():"),
    ),
    # source: https://github.com/huggingface/pytorch-image-models/issues/1831
    fault(
        "residual_warmup",
        "averaged-once-per-epoch",
        "average of weights",
        "TR89",
        ("            ema.update(model)\n", ""),
        (
            "        score = r2(ema.module",
            "        ema.update(model)\n        score = r2(ema.module",
        ),
    ),
    # source: https://github.com/Vision-CAIR/MiniGPT-4/pull/263
    fault(
        "residual_warmup",
        "warm-up-in-every-epoch",
        "schedule",
        "TR82 TR118",
        ("= learning_rate(step, total", "= learning_rate(i, total"),
    ),
    # source: https://github.com/keras-team/autokeras/pull/571
    fault("residual_warmup", "lr-too-high", "rate", "TR35", ("peak=4e-3", "peak=0.5")),
    # source: https://github.com/mlpack/examples/pull/213
    fault(
        "residual_warmup",
        "test-rows-not-scaled",
        "inputs",
        "TR03",
        (
            "r2(ema.module, scale_x(X_test)",
            "r2(ema.module, torch.as_tensor(X_test, dtype=torch.float32)",
        ),
    ),
    # source: https://github.com/ebagdasa/backdoors101/pull/26
    fault(
        "residual_warmup",
        "worst-epoch-kept",
        "early stopping",
        "TR93",
        ("None, -math.inf, 0", "None, math.inf, 0"),
        ("if score > best_score:", "if score < best_score:"),
    ),
    # source: https://github.com/kyegomez/BitNet/issues/32
    fault(
        "residual_warmup",
        "residual-of-itself",
        "cut off",
        "TR45",
        ("return x + y\n", "return x + x\n"),
    ),
    # source: https://github.com/yz93/LAVT-RIS/issues/25
    fault(
        "residual_warmup",
        "two-zero-layers",
        "signal",
        "TR22 TR45",
        (
            "        self.fc2 = nn.Linear(width, width)\n",
            "        self.fc2 = nn.Linear(width, width)\n        for layer in (self.fc1, self.fc2):\n"
            "            nn.init.zeros_(layer.weight)\n            nn.init.zeros_(layer.bias)\n",
        ),
    ),
    # --- chirp_spectrograms
    # source: https://github.com/musikalkemist/pytorchforaudio/issues/9
    fault(
        "chirp_spectrograms",
        "softmax-in-the-model",
        "loss",
        "TR26",
        (
            "return self.classifier(self.dropout(x))",
            "return torch.softmax(self.classifier(self.dropout(x)), dim=1)",
        ),
    ),
    # source: https://github.com/Deci-AI/super-gradients/issues/416
    fault(
        "chirp_spectrograms",
        "not-shuffled",
        "order of samples",
        "TR17",
        ("batch_size=50, shuffle=True", "batch_size=50"),
    ),
    # source: https://github.com/mlcommons/GaNDLF/pull/870
    fault(
        "chirp_spectrograms",
        "labels-shuffled-apart",
        "targets",
        "TR10 TR99",
        (
            "TensorDataset(transform(train_db), train_labels)",
            "TensorDataset(transform(train_db), train_labels[torch.randperm(len(train_labels))])",
        ),
    ),
    # source: https://github.com/JeasunLok/ResNet-pytorch/issues/1
    fault(
        "chirp_spectrograms",
        "test-sounds-not-normalized",
        "inputs",
        "TR03",
        ("TensorDataset(transform(test_db), test_labels)", "TensorDataset(test_db, test_labels)"),
    ),
    # source: https://github.com/pliang279/MultiBench/issues/26
    fault(
        "chirp_spectrograms",
        "training-mode-in-validation",
        "mode",
        "TR47",
        ("    model.eval()\n    right", "    model.eval()\n    model.train()\n    right"),
    ),
    # source: https://github.com/DeepLabCut/DeepLabCut/pull/2960
    fault("chirp_spectrograms", "lr-too-high", "rate", "TR35", ("lr=0.03", "lr=3.0")),
    # source: https://github.com/BVLC/caffe/issues/1396
    fault(
        "chirp_spectrograms",
        "weight-decay-too-strong",
        "regularization",
        "TR50",
        ("weight_decay=1e-4", "weight_decay=0.5"),
    ),
    # source: https://github.com/udacity/deep-learning-v2-pytorch/pull/160
    fault(
        "chirp_spectrograms",
        "gradients-kept",
        "gradients",
        "TR46",
        ("        optimizer.zero_grad()\n", ""),
    ),
    # source: https://github.com/nerfstudio-project/nerfacc/issues/307
    fault(
        "chirp_spectrograms",
        "step-with-scaled-gradients",
        "step",
        "TR35 TR74 TR119",
        ("EPOCHS = 6\n", 'EPOCHS = 6\nscaler = torch.amp.GradScaler("cpu", init_scale=1024)\n'),
        ("        loss.backward()\n", "        scaler.scale(loss).backward()\n"),
    ),
    # source: https://github.com/uzh-rpg/rpg_event_representation_learning/issues/2
    fault(
        "chirp_spectrograms",
        "other-class-numbers-in-test",
        "targets",
        "TR83 TR99",
        ("def dataset(n):\n", "def dataset(n, kinds=KINDS):\n"),
        ("sound(KINDS[k])", "sound(kinds[k])"),
        ("dataset(300)", "dataset(300, sorted(KINDS))"),
    ),
)

VARIANTS = (
    # source: https://github.com/jvmncs/safe-grid-agents/pull/47
    variant(
        "a2c_cliff",
        "advantages-normalized",
        (
            "        policy_loss = -(log_probs * advantage.detach()).mean()\n",
            "        scaled = advantage.detach()\n        scaled = (scaled - scaled.mean()) / (scaled.std() + 1e-8)\n"
            "        policy_loss = -(log_probs * scaled).mean()\n",
        ),
    ),
    variant(
        "a2c_cliff",
        "huber-loss-of-values",
        (
            "value_loss = advantage.pow(2).mean()",
            "value_loss = F.smooth_l1_loss(values, returns.view(-1))",
        ),
    ),
    # source: https://github.com/mkusner/grammarVAE/issues/2
    variant(
        "vae_elbo",
        "divergence-phased-in",
        ("return (recon + kl).mean()", "return (recon + self.beta * kl).mean()"),
        (
            "        model.train()\n",
            "        model.train()\n        model.beta = min(1.0, (epoch + 1) / 6)\n",
        ),
    ),
    # source: https://github.com/ikostrikov/TensorFlow-VAE-GAN-DRAW/issues/15
    variant(
        "vae_elbo",
        "summed-over-the-batch",
        ("return (recon + kl).mean()", "return (recon + kl).sum()"),
    ),
    # source: https://github.com/benfred/implicit/issues/122
    variant(
        "implicit_mf", "negatives-not-drawn-again", ("    dataset.resample()\n\nprint", "\nprint")
    ),
    variant(
        "implicit_mf",
        "groups-of-parameters",
        (
            "    list(model.user.parameters()) + list(model.item.parameters()) + list(model.item_bias.parameters()),\n",
            '    [{"params": [model.user.weight, model.item.weight]}, {"params": [model.item_bias.weight], "weight_decay": 0.0}],\n',
        ),
    ),
    # source: https://github.com/andreas128/SRFlow/issues/12
    variant(
        "coupling_flow",
        "bits-per-dimension",
        (
            "return -(log_prob + log_det).mean()\n\n\ndef gaussian",
            "return -(log_prob + log_det).mean() / (x.shape[1] * math.log(2))\n\n\ndef gaussian",
        ),
    ),
    variant(
        "coupling_flow",
        "clipped",
        (
            "        optimizer.step()\n",
            "        nn.utils.clip_grad_norm_(flow.parameters(), 20.0)\n        optimizer.step()\n",
        ),
    ),
    # source: https://github.com/dome272/Diffusion-Models-pytorch/issues/17
    variant(
        "ddpm_clusters",
        "timesteps-spread-evenly",
        (
            "t = torch.randint(0, schedule.steps, (len(x0),))",
            "t = (torch.arange(len(x0)) + int(torch.randint(schedule.steps, ()))) % schedule.steps",
        ),
    ),
    variant(
        "ddpm_clusters",
        "summed-over-coordinates",
        (
            "loss = nn.functional.mse_loss(predicted, noise)",
            "loss = (predicted - noise).pow(2).sum(dim=1).mean()",
        ),
    ),
    # source: https://github.com/huggingface/transformers/pull/7828
    variant(
        "padded_tagger",
        "loss-of-padding-too",
        ("nn.CrossEntropyLoss(ignore_index=PAD)", "nn.CrossEntropyLoss()"),
    ),
    variant(
        "padded_tagger",
        "norm-first",
        ("dropout=0.0, batch_first=True)", "dropout=0.0, batch_first=True, norm_first=True)"),
    ),
    # source: https://github.com/graykode/nlp-tutorial/issues/13
    variant(
        "intent_bilstm",
        "time-first",
        ("bidirectional=True, batch_first=True)", "bidirectional=True)"),
        (
            "        output, (h_n, _) = self.lstm(x)\n",
            "        output, (h_n, _) = self.lstm(x.transpose(0, 1))\n        output = output.transpose(0, 1)\n",
        ),
    ),
    variant(
        "intent_bilstm",
        "embeddings-left-random",
        (
            "        self.embedding = nn.Embedding(len(VOCAB), 24)\n",
            "        self.embedding = nn.Embedding(len(VOCAB), 24)\n        self.embedding.weight.requires_grad_(False)\n",
        ),
    ),
    # source: https://github.com/pyg-team/pytorch_geometric/issues/6251
    variant(
        "molecule_sum",
        "divided-by-the-root-of-degrees",
        (
            "received / degree.clamp(min=1).unsqueeze(1)",
            "received / degree.clamp(min=1).sqrt().unsqueeze(1)",
        ),
    ),
    # source: https://github.com/karpathy/llm.c/pull/548
    variant(
        "molecule_sum",
        "cleared-after-step",
        ("        optimizer.zero_grad()\n", ""),
        ("        optimizer.step()\n", "        optimizer.step()\n        optimizer.zero_grad()\n"),
    ),
    # source: https://github.com/faustomilletari/VNet/issues/3
    variant(
        "dice_shapes",
        "dice-alone",
        (
            "loss = self.dice(probs, masks) + self.bce(logits, masks)",
            "loss = self.dice(probs, masks)",
        ),
    ),
    variant(
        "dice_shapes",
        "upside-down-too",
        (
            "        return torch.from_numpy(image).permute",
            "        if self.train and torch.rand(()) < 0.5:\n            image, mask = image[::-1].copy(), mask[::-1].copy()\n"
            "        return torch.from_numpy(image).permute",
        ),
    ),
    # source: https://github.com/haitongli/knowledge-distillation-pytorch/issues/2
    variant(
        "kd_refinery",
        "mean-over-classes",
        (
            'F.kl_div(log_prob, soft_target, reduction="batchmean")',
            'F.kl_div(log_prob, soft_target, reduction="none").mean() * 5',
        ),
    ),
    variant("kd_refinery", "temperature-of-one", ("temperature=3.0", "temperature=1.0")),
    # source: https://github.com/eriklindernoren/PyTorch-GAN/issues/136
    variant(
        "gan_spiral",
        "not-detached-but-cleared",
        ("criterion(netD(fake.detach()), fake_label)", "criterion(netD(fake), fake_label)"),
        ("errD.backward()", "errD.backward(retain_graph=True)"),
    ),
    variant(
        "gan_spiral",
        "smooth-real-labels",
        (
            "real_label, fake_label = torch.ones(opt.batch)",
            "real_label, fake_label = 0.9 * torch.ones(opt.batch)",
        ),
    ),
    # source: https://github.com/Paper99/SRFBN_CVPR19/issues/4
    variant(
        "keypoint_pairs",
        "one-backward-per-loss",
        (
            "            total.backward()\n",
            '            (10 * parts["position"]).backward(retain_graph=True)\n            parts["kind"].backward()\n',
        ),
    ),
    variant(
        "keypoint_pairs",
        "heads-at-their-own-rate",
        (
            "torch.optim.NAdam(net.parameters(), lr=2e-3)",
            'torch.optim.NAdam([{"params": p, "lr": 4e-3 if name.startswith(("position", "kind")) else 2e-3} for name, p in net.named_parameters()])',
        ),
    ),
    # source: https://github.com/keras-team/keras/issues/9498
    variant(
        "reid_batch_hard",
        "soft-margin",
        (
            "torch.relu(hardest_positive - hardest_negative + margin).mean()",
            "nn.functional.softplus(hardest_positive - hardest_negative).mean()",
        ),
    ),
    # source: https://github.com/OML-Team/open-metric-learning/issues/367
    variant(
        "reid_batch_hard",
        "embeddings-not-normalized",
        ("return nn.functional.normalize(self.layers(x), dim=1)", "return self.layers(x)"),
    ),
    # source: https://github.com/fudannlp16/focal-loss/issues/8
    variant(
        "fraud_focal",
        "times-gamma",
        ("(1 - p_t) ** self.gamma", "(1 - p_t) * self.gamma"),
    ),
    variant("fraud_focal", "float32", ("bfloat: bool = True", "bfloat: bool = False")),
    # source: https://github.com/WenjieDu/PyPOTS/issues/667
    variant(
        "residual_warmup",
        "last-epoch-scored",
        ("    ema.module.load_state_dict(best)\n", ""),
    ),
    # source: https://github.com/yz93/LAVT-RIS/issues/25
    variant(
        "residual_warmup",
        "zero-last-layer-of-blocks",
        (
            "        self.fc2 = nn.Linear(width, width)\n",
            "        self.fc2 = nn.Linear(width, width)\n        nn.init.zeros_(self.fc2.weight)\n        nn.init.zeros_(self.fc2.bias)\n",
        ),
    ),
    # source: https://github.com/ikhlestov/vision_networks/issues/27
    variant(
        "chirp_spectrograms",
        "statistics-of-each-split",
        ("    return (db - MEAN) / STD\n", "    return (db - db.mean()) / db.std()\n"),
    ),
    # source: https://github.com/XiaLiPKU/EMANet/issues/7
    variant(
        "chirp_spectrograms",
        "divided-by-the-mean",
        ("    return (db - MEAN) / STD\n", "    return (db - MEAN) / MEAN\n"),
    ),
)
